import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, onTestFinished, test } from "vitest";
import { startSandbox } from "../index.ts";

// The command line's --seed is the sandbox's own: docs/sandbox.md, "Rows to begin with" and "The control API".
const folder = mkdtempSync(join(tmpdir(), "seeds-"));
afterAll(() => rmSync(folder, { recursive: true }));

function written(name: string, ...lines: string[]): string {
  const file = join(folder, name);
  writeFileSync(file, lines.join("\n"));
  return file;
}

test("POST reset: seeds given at the start fill their tables again, as read then, on the schema file's tables", async () => {
  const schema = written("schema.yaml", "tables: { new_pet: { columns: { new_kind: { type: text } } } }");
  const contacts = written("contacts.csv", "lastname,jobtitle", "Lovelace,Analyst");
  const pets = written("pets.csv", "new_name,new_kind", "Rex,dog");
  const sandbox = await startSandbox({
    schema,
    seeds: [
      { table: "contact", file: contacts },
      { table: "new_pet", file: pets },
    ],
  });
  onTestFinished(sandbox.close);
  const post = async (path: string) => (await fetch(`${sandbox.origin}/_sandbox/${path}`, { method: "POST" })).status;
  const rows = async (table: string) =>
    ((await (await fetch(`${sandbox.origin}/_sandbox/rows/${table}`)).json()) as { value: unknown[] }).value;
  const first = await rows("contact");
  expect(first).toMatchObject([{ lastname: "Lovelace", jobtitle: "Analyst" }]);
  rmSync(contacts);
  expect(await post("reset")).toBe(204);
  expect(await rows("contact")).toMatchObject([{ lastname: "Lovelace", contactid: (first[0] as Row).contactid }]);
  expect(await rows("new_pet")).toMatchObject([{ new_name: "Rex", new_kind: "dog" }]);
});

type Row = { contactid: string };

test.each([
  ["contact", ["lastname,numberofchildren", "a,1", "b,two"], "bad.csv: line 3, column 'numberofchildren'"],
  ["contact", ["lastname,nope", "a,b"], "column 'nope'"],
  ["nope", ["lastname", "a"], "There is no table 'nope'"],
])("a seed of %s that does not hold ends the start, with file, line and column: %j", async (table, lines, text) => {
  const file = written("bad.csv", ...lines);
  await expect(startSandbox({ seeds: [{ table, file }] })).rejects.toThrow(text);
  await expect(startSandbox({ seeds: [{ table, file: `${file}.none` }] })).rejects.toThrow(/none cannot be read/);
});
