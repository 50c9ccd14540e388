import { afterEach, describe, expect, it } from "vitest";
import { type TestFolder, testFolder } from "./folder-for-tests.ts";

let folder: TestFolder | undefined;
afterEach(async () => {
  await folder?.close();
  folder = undefined;
});

const given = (content: string | Uint8Array, settings: object = {}, name = "t.csv") => {
  folder = testFolder({ [name]: content }, Object.keys(settings).length > 0 ? { t: settings } : {});
  return folder;
};
const t = { table: "t" };

describe("text files that are read", () => {
  it.each([
    ["comma", "a,b\n1,x\n2,y\n"],
    ["semicolon, decimal commas inside", "a;b\n1;x\n2;y\n"],
    ["tab", "a\tb\n1\tx\n2\ty\n"],
    ["bar", "a|b\n1|x\n2|y\n"],
    ["CRLF", "a,b\r\n1,x\r\n2,y\r\n"],
    ["CR alone", "a,b\r1,x\r2,y\r"],
    ["CRLF and LF mixed", "a,b\r\n1,x\n2,y\r\n"],
    ["LF then CR", "a,b\n1,x\r2,y\n"],
    ["no line end at the end", "a,b\n1,x\n2,y"],
    ["byte order mark", "\ufeffa,b\n1,x\n2,y\n"],
    ["blank lines between", "a,b\n1,x\n\n2,y\n\n"],
    ["blank lines before the header", "\n\na,b\n1,x\n2,y\n"],
  ])("%s", async (_, content) => {
    expect(await given(content).rows(t)).toEqual([
      ["1", "x"],
      ["2", "y"],
    ]);
  });

  it("keeps delimiters, quotes and line ends inside quotes", async () => {
    const f = given('a,b\n1,"x, ""y""\nz"\n2,"p\r\nq"\n');
    expect(await f.rows(t)).toEqual([
      ["1", 'x, "y"\nz'],
      ["2", "p\r\nq"],
    ]);
  });

  it("keeps a line end inside quotes also where mixed line ends force a copy", async () => {
    const f = given('a,b\r\n1,"x\r\ny"\n2,"p\rq"\r\n');
    expect(await f.rows(t)).toEqual([
      ["1", "x\r\ny"],
      ["2", "p\rq"],
    ]);
  });

  it("takes an unquoted or quoted empty value as null, other words as text", async () => {
    expect(await given('a,b\n,""\nNULL,NA\n').rows(t)).toEqual([
      [null, null],
      ["NULL", "NA"],
    ]);
  });

  it("reads one column, three hundred columns, and odd names", async () => {
    expect(await given("only\nx\ny\n").rows(t)).toEqual([["x"], ["y"]]);
    await folder?.close();
    const many = Array.from({ length: 300 }, (_, i) => `c${i}`);
    const wide = await given(`${many.join(",")}\n${many.map((_, i) => `v${i}`).join(",")}\n`).rows(t);
    expect(wide[0]).toHaveLength(300);
    await folder?.close();
    const scan = await given('"a ""b""", Größe ,it\'s,"x,y",\n1,2,3,4,5\n').scan(t);
    expect(scan.columns.map((c) => c.name)).toEqual(['a "b"', "Größe", "it's", "x,y", "column5"]);
  });

  it("gives no rows for a header alone", async () => {
    const scan = await given("a,b\n").scan(t);
    expect(scan.columns.map((c) => c.name)).toEqual(["a", "b"]);
    expect(await folder?.rows(t)).toEqual([]);
  });

  it("numbers the columns of a file without header", async () => {
    const f = given("x,1\ny,2\n", { header: false });
    expect((await f.scan(t)).columns.map((c) => c.name)).toEqual(["column1", "column2"]);
    expect(await f.rows(t)).toEqual([
      ["x", "1"],
      ["y", "2"],
    ]);
  });

  it("obeys a declared delimiter and quote", async () => {
    expect(await given("a::b\n'1::0'::x\n", { delimiter: "::", quote: "'" }).rows(t)).toEqual([["1::0", "x"]]);
    await folder?.close();
    expect(await given('a,b\n5" pipe,x\n', { quote: "" }).rows(t)).toEqual([['5" pipe', "x"]]);
  });

  it("keeps a NUL byte inside a text", async () => {
    expect(await given("a,b\nx\0y,1\nlonger text here,2\n").rows(t)).toEqual([
      ["x\0y", "1"],
      ["longer text here", "2"],
    ]);
  });

  it("reads names that DuckDB takes for patterns, and only those files", async () => {
    folder = testFolder({ "a[1]*?.csv": "a\nright\n", "a1xx.csv": "a\nwrong\n" }, { t: { path: "a[1]*?.csv" } });
    expect(await folder.rows(t)).toEqual([["right"]]);
  });

  it.each(["a=7/t.csv", "a=7/t.json"])("takes no folder of a path for a column: %s", async (path) => {
    const content = path.endsWith("csv") ? "a,b\n1,x\n" : '[{"a":"1","b":"x"}]';
    folder = testFolder({ [path]: content }, { t: { path } });
    expect(await folder.rows(t)).toEqual([["1", "x"]]);
  });

  it("reads several files of one form as one table", async () => {
    folder = testFolder({ "s_1.csv": "a,b\n1,x\n", "s_2.csv": "a,b\n2,y\n" }, { t: { path: "s_*.csv" } });
    expect(await folder.rows(t)).toEqual([
      ["1", "x"],
      ["2", "y"],
    ]);
  });
});

describe("text files that cannot be trusted", () => {
  const error = (content: string | Uint8Array, settings: object = {}, name = "t.csv") =>
    given(content, settings, name)
      .scan(t)
      .then(
        () => expect.fail("it was read"),
        (e: unknown) => e as { code: string; message: string; remedy: string },
      );

  it.each([
    ["a row too short", "a,b\n1,2\n3\n", /t\.csv, line 3 .*1 values where the header has 2/],
    ["a row too long", "a,b\n1,2\n3,4,5\n", /t\.csv, line 3 .*3 values where the header has 2/],
    ["a quote left open", 'a,b\n1,2\n"3,4\n5,6\n', /t\.csv, line 3 .*quote/],
    ["text after a quote", 'a,b\n1,2\n"3"x,4\n', /t\.csv, line 3 .*quote/],
    ["a quote left open in the header", `"a,b\n${"1,2\n".repeat(80_000)}`, /t\.csv.*first row does not end/],
    ["one name twice", "a,b,A\n1,2,3\n", /columns 1 and 3 in line 1 are both called `A`/],
    ["nothing at all", "", /it is empty/],
    ["blank lines only", "\n\n", /it is empty/],
    ["latin-1 taken for UTF-8", Buffer.from("a\nJim\xe9nez\n", "latin1"), /t\.csv is not written in utf-8/],
    [
      "latin-1 far down",
      Buffer.from(`a\n${"x\n".repeat(300_000)}Jim\xe9nez\n`, "latin1"),
      /t\.csv is not written in utf-8/,
    ],
    ["UTF-16 without mark", Buffer.from("a,b\n1,2\n", "utf16le"), /looks like UTF-16/],
  ])("%s", async (_, content, message) => {
    const e = await error(content);
    expect(e).toMatchObject({ code: "file_unreadable", message: expect.stringMatching(message) });
    expect(e.message).not.toContain("strict_mode");
  });

  it("tells the encoding to declare", async () => {
    expect((await error(Buffer.from("a\nJim\xe9nez\n", "latin1"))).remedy).toContain("encoding: latin-1");
  });

  it("refuses bytes that a declared encoding does not have", async () => {
    const e = await error(Buffer.from([0x61, 0x0a, 0x81, 0x39, 0x0a]), { encoding: "shift_jis" });
    expect(e).toMatchObject({ code: "file_unreadable", message: expect.stringContaining("shift_jis") });
  });

  it("finds a broken row after 200,000 good ones", async () => {
    const e = await error(`a,b\n${"1,2\n".repeat(200_000)}3\n`);
    expect(e.message).toContain("line 200002");
  });

  it("refuses files of one table that differ", async () => {
    folder = testFolder({ "s_1.csv": "a,b\n1,x\n", "s_2.csv": "a,c\n2,y\n" }, { t: { path: "s_*.csv" } });
    await expect(folder.scan(t)).rejects.toMatchObject({
      code: "file_unreadable",
      message: expect.stringMatching(/s_2\.csv.*`c`/),
    });
  });
});

describe("encodings", () => {
  const text = "a,b\n1,Jiménez € 😀\n2,“q”\n";
  const rows = [
    ["1", "Jiménez € 😀"],
    ["2", "“q”"],
  ];
  const swapped = (t: string) => Buffer.from(t, "utf16le").swap16();

  it.each([
    ["UTF-16 little endian with mark", Buffer.from(`\ufeff${text}`, "utf16le"), undefined],
    ["UTF-16 big endian with mark", swapped(`\ufeff${text}`), undefined],
    ["UTF-16 declared, big endian by its mark", swapped(`\ufeff${text}`), "utf-16"],
    ["UTF-16 little endian declared", Buffer.from(text, "utf16le"), "utf-16"],
    ["UTF-16 big endian declared", swapped(text), "utf-16be"],
  ])("%s", async (_, bytes, encoding) => {
    expect(await given(bytes, encoding ? { encoding } : {}).rows(t)).toEqual(rows);
  });

  it.each(["latin-1", "windows-1252", "Latin1", "iso-8859-1"])(
    "%s, with the signs Windows has there",
    async (encoding) => {
      const bytes = Buffer.from([0x61, 0x0a, 0x4a, 0x69, 0x6d, 0xe9, 0x6e, 0x65, 0x7a, 0x20, 0x80, 0x93, 0x0a]);
      expect(await given(bytes, { encoding }).rows(t)).toEqual([["Jiménez €“"]]);
    },
  );

  it("removes the copy when the session closes", async () => {
    const scan = await given(Buffer.from("a\nJim\xe9nez\n", "latin1"), { encoding: "latin-1" }).scan(t);
    const { existsSync, statSync } = await import("node:fs");
    expect(statSync(scan.paths[0] as string).mode & 0o777).toBe(0o600);
    await folder?.session.close();
    expect(existsSync(scan.paths[0] as string)).toBe(false);
  });
});
