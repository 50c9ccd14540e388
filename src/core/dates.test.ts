import { DuckDBInstance } from "@duckdb/node-api";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { conflict, formatPattern, readDateSql, readFormat, readIsoSql, showFormat } from "./dates.ts";

const instance = await DuckDBInstance.create();
const connection = await instance.connect();
beforeAll(() => connection.run("SET TimeZone = 'America/New_York'"));
afterAll(() => {
  connection.closeSync();
  instance.closeSync();
});
const ask = async (sql: string) => (await connection.runAndReadAll(`SELECT (${sql})::VARCHAR`)).getRowsJson()[0]?.[0];
const strptime = (format: string) => {
  const read = readFormat(format);
  if ("problem" in read) throw new Error(read.problem);
  return read.strptime;
};
const read = (text: string, ...formats: string[]) => ask(readDateSql(`'${text}'`, formats.map(strptime)));

describe("declared formats", () => {
  it.each([
    ["d/M/yyyy", "1/2/2020", "2020-02-01 00:00:00"],
    ["d/M/yyyy", "01/02/2020", "2020-02-01 00:00:00"],
    ["dd.MM.yyyy", "01.02.2020", "2020-02-01 00:00:00"],
    ["yyyyMMdd", "20200201", "2020-02-01 00:00:00"],
    ["d MMM yyyy", "1 Feb 2020", "2020-02-01 00:00:00"],
    ["MMMM d, yyyy", "February 1, 2020", "2020-02-01 00:00:00"],
    ["dd/MM/yy", "01/02/85", "1985-02-01 00:00:00"],
    ["M/d/yyyy h:mm a", "2/1/2020 1:05 PM", "2020-02-01 13:05:00"],
    ["yyyy-MM-dd'T'HH:mm:ssXXX", "2020-02-01T10:00:00+02:00", "2020-02-01 08:00:00"],
    ["yyyy-MM-ddTHH:mm:ss.SSSXXX", "2020-02-01T10:00:00.250Z", "2020-02-01 10:00:00.25"],
    ["d 'de' MMM yyyy", "1 de Feb 2020", "2020-02-01 00:00:00"],
  ])("%s reads %s", async (format, text, moment) => {
    expect(await read(text, format)).toBe(moment);
  });

  it.each([
    ["dd/MM/yyyy", "1/02/2020", "one digit where two are declared"],
    ["d/M/yyyy", "31/02/2020", "a day that does not exist"],
    ["d/M/yyyy", "29/02/2021", "29 February of a common year"],
    ["d/M/yyyy", "1/2/20", "two digits of a year where four are declared"],
    ["d/M/yy", "1/2/2020", "four digits where two are declared"],
    ["d/M/yyyy", "1/2/2020 ", "a blank behind"],
    ["d/M/yyyy", "1/2/2020 10:00", "a time behind"],
    ["d/M/yyyy", "1-2-2020", "another sign between"],
    ["d.M.yyyy", "1x2x2020", "a point that stands for anything"],
    ["H:mm d/M/yyyy", "24:00 1/2/2020", "hour 24"],
    ["h:mm a d/M/yyyy", "13:00 PM 1/2/2020", "hour 13 of 12"],
    ["d/M/yyyy", "", "nothing"],
  ])("%s refuses %s: %s", async (format, text) => {
    expect(await read(text, format)).toBe(null);
  });

  it("tries several formats", async () => {
    expect(await read("1/25/1976", "M/d/yyyy", "MM-dd-yyyy")).toBe("1976-01-25 00:00:00");
    expect(await read("04-08-1966", "M/d/yyyy", "MM-dd-yyyy")).toBe("1966-04-08 00:00:00");
  });

  it.each([
    ["DD/MM/YYYY", /`DD`/],
    ["d/M", /lacks the year/],
    ["d/d/yyyy", /more than one day/],
    ["h:mm d/M/yyyy", /AM\/PM/],
    ["H:mm a d/M/yyyy", /AM\/PM/],
    ["", /lacks the day/],
  ])("%s is refused", (format, problem) => {
    expect(readFormat(format)).toEqual({ problem: expect.stringMatching(problem) });
  });

  it("are shown as they were declared", () => {
    for (const format of ["d/M/yyyy", "yyyy-MM-dd'T'HH:mm:ss", "MMMM d, yyyy", "dd.MM.yy", "100% d-M-yyyy"]) {
      expect(strptime(showFormat(strptime(format)))).toBe(strptime(format));
    }
    expect(showFormat(strptime("d/M/yyyy"))).toBe("d/M/yyyy");
  });

  it("know when they contradict each other", () => {
    const pair = (a: string, b: string) => conflict(strptime(a), strptime(b));
    expect(pair("d/M/yyyy", "M/d/yyyy")).toBe(true);
    expect(pair("dd/MM/yyyy", "M/d/yyyy")).toBe(true);
    expect(pair("d/M/yyyy", "M-d-yyyy")).toBe(false);
    expect(pair("d/M/yyyy", "dd/MM/yyyy")).toBe(false);
    expect(pair("d/M/yyyy", "d/M/yy")).toBe(false);
    expect(pair("yyyy/M/d", "d/M/yyyy")).toBe(false);
  });

  it("escape what a pattern would take for a sign", () => {
    expect(formatPattern(strptime("d.M.yyyy"))).toBe("\\d{1,2}\\.\\d{1,2}\\.\\d{4}");
  });
});

describe("ISO 8601", () => {
  it.each([
    ["2020-02-01", "2020-02-01 00:00:00"],
    ["2020-02-01T10:00", "2020-02-01 10:00:00"],
    ["2020-02-01 10:00:01.5", "2020-02-01 10:00:01.5"],
    ["2020-02-01T10:00:00Z", "2020-02-01 10:00:00"],
    ["2020-02-01T10:00+02:00", "2020-02-01 08:00:00"],
    ["2020-02-01 10:00:00-0530", "2020-02-01 15:30:00"],
    ["2020-02-30", null],
    ["2020-02-01T24:00:00", null],
    ["2020-2-1", null],
    ["20-02-01", null],
    ["2020-02-01x", null],
    ["infinity", null],
    ["epoch", null],
  ])("%s", async (text, moment) => {
    expect(await ask(readIsoSql(`'${text}'`))).toBe(moment);
  });
});
