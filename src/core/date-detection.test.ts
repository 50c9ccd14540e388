import { describe, expect, it } from "vitest";
import { ambiguousDate, contradiction, detectDateFormats, type ShapeStat } from "./date-detection.ts";
import { showFormat } from "./dates.ts";

/** The statistics of texts as a query gathers them. */
function stats(texts: string[]): ShapeStat[] {
  const shapes = Map.groupBy(texts, (t) => t.replace(/\d+/g, "9"));
  return [...shapes].map(([shape, all]) => {
    const runs = all.map((t) => t.match(/\d+/g) ?? []);
    const columns = (runs[0] ?? []).map((_, i) => runs.map((r) => r[i] as string));
    return {
      shape,
      sample: all[0] as string,
      runs: columns.map((c) => ({
        short: Math.min(...c.map((x) => x.length)),
        long: Math.max(...c.map((x) => x.length)),
        max: Math.max(...c.map(Number)),
      })),
    };
  });
}
const detect = (...texts: string[]) => {
  const found = detectDateFormats(stats(texts));
  return found && "formats" in found ? found.formats.map(showFormat) : found;
};

describe("detection", () => {
  it.each([
    [["1/25/1976", "3/4/1966"], ["M/d/yyyy"]],
    [["13/1/1990", "2/1/1990"], ["d/M/yyyy"]],
    [["25.01.1976", "03.04.1966"], ["dd.MM.yyyy"]],
    [["2020/01/31", "2020/02/01"], ["yyyy/MM/dd"]],
    [["2020-1-31"], ["yyyy-M-d"]],
    [["25/01/1976 9:05", "25/01/1976 10:00"], ["dd/MM/yyyy H:mm"]],
    [["25/01/1976 09:05:07"], ["dd/MM/yyyy HH:mm:ss"]],
  ])("%s", (texts, formats) => {
    expect(detect(...texts)).toEqual(formats);
  });

  it("never guesses an order", () => {
    expect(detect("05-11-1944", "12-12-2000")).toEqual({
      ambiguous: {
        value: "05-11-1944",
        readings: ["5 November 1944", "11 May 1944"],
        formats: ["dd-MM-yyyy", "MM-dd-yyyy"],
      },
    });
  });

  it.each([
    ["both orders are contradicted", ["13/1/1990", "1/13/1990"]],
    ["a month is 13 in either order", ["13/13/1990"]],
    ["an hour is 24", ["13/1/1990 24:00"]],
    ["there is nothing", []],
  ])("is none where %s", (_, texts) => {
    expect(detect(...texts)).toBe(null);
  });

  it("asks where ways of writing are mixed, even if each is proven", () => {
    expect(detect("1/25/1976", "13-01-1966")).toMatchObject({
      ambiguous: { value: "1/25/1976` and `13-01-1966", readings: [], formats: ["M/d/yyyy", "dd-MM-yyyy"] },
    });
  });
});

describe("what the person reads", () => {
  it("shows both readings and the line to add", () => {
    const found = detectDateFormats(stats(["5/11/1944"]));
    if (!found || !("ambiguous" in found)) return expect.fail();
    const error = ambiguousDate("BirthDate", found.ambiguous, (f) => `birthdate: { from: BirthDate, formats: [${f}] }`);
    expect(error.code).toBe("ambiguous_date");
    expect(error.message).toBe(
      "The dates of `BirthDate` can be read in two ways: `5/11/1944` is 5 November 1944 or 11 May 1944.",
    );
    expect(error.remedy).toBe(
      "Declare which one holds: `birthdate: { from: BirthDate, formats: [d/M/yyyy] }` or `birthdate: { from: BirthDate, formats: [M/d/yyyy] }`.",
    );
  });

  it("names declared formats that contradict each other", () => {
    expect(contradiction(["%-d/%-m/%Y", "%d.%m.%Y", "%-m/%-d/%Y"])).toEqual(["d/M/yyyy", "M/d/yyyy"]);
    expect(contradiction(["%-d/%-m/%Y", "%d.%m.%Y"])).toBe(null);
  });
});
