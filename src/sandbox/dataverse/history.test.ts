import fc from "fast-check";
import { expect, test } from "vitest";
import { type Answer, addCustomerKey, targets, useSandbox } from "../raw-client.test-data.ts";

// A random history of writes, single and bulk, good and bad, seen from three sides: a plain model of what should be
// there, a full read, and a mirror that only follows delta links (dataverse.md sections 4, 7, 10).
const client = useSandbox();
const ID = (n: number) => `cccccccc-0000-4000-8000-00000000000${n}`;
type Model = Map<string, { key: string | null; name: string | null }>;
type Item = { n: number; key: string | null; name: string; bad: boolean };

const item: fc.Arbitrary<Item> = fc.record({
  n: fc.nat(6),
  key: fc.constantFrom("a", "b", "c", "d", null),
  name: fc.constantFrom("x", "y", ""),
  bad: fc.nat(9).map((n) => n === 0),
});
const step = fc.oneof(
  fc.record({
    act: fc.constantFrom("create", "update", "upsert", "upsertByKey"),
    items: fc.array(item, { minLength: 1, maxLength: 4 }),
  }),
  fc.record({ act: fc.constant("delete"), items: fc.array(item, { minLength: 1, maxLength: 1 }) }),
  fc.record({ act: fc.constant("follow"), items: fc.constant([]) }),
);

/** What a good server would do; undefined: the call must be refused and change nothing. */
function expected(before: Model, act: string, items: Item[]): Model | undefined {
  const model: Model = new Map([...before].map(([id, row]) => [id, { ...row }]));
  const done = new Set<string>();
  for (const { n, key, name, bad } of items) {
    if (bad) return undefined;
    const holder = [...model].find(([, row]) => row.key !== null && row.key === key)?.[0];
    const id = act === "upsertByKey" ? (holder ?? `new-${key}`) : ID(n);
    if (act === "upsertByKey" && key === null) return undefined;
    if (act === "create" && model.has(id)) return undefined;
    if (act === "update" && !model.has(id)) return undefined;
    if (done.has(id)) {
      if (act === "update") continue;
      return undefined;
    }
    if (act !== "upsertByKey" && holder !== undefined && holder !== id) return undefined;
    done.add(id);
    model.set(id, { key, name: name === "" ? null : name });
  }
  return model;
}

function body(act: string, items: Item[]): object {
  return targets(
    items.map(({ n, key, name, bad }) => ({
      ...(act === "upsertByKey"
        ? { "@odata.id": `contacts(new_customerno=${key === null ? "null" : `'${key}'`})` }
        : { contactid: ID(n), new_customerno: key }),
      lastname: bad ? "x".repeat(51) : name,
    })),
  );
}

const ACTIONS: Record<string, string> = {
  create: "CreateMultiple",
  update: "UpdateMultiple",
  upsert: "UpsertMultiple",
  upsertByKey: "UpsertMultiple",
};
type Seen = { contactid: string; new_customerno: string | null; lastname: string | null };
const shown = (rows: Iterable<{ key: string | null; name: string | null }>) =>
  [...rows].map((row) => `${row.key}|${row.name}`).sort();
const fromAnswer = (rows: Seen[]) => shown(rows.map((row) => ({ key: row.new_customerno, name: row.lastname })));

test("model, full read and delta mirror agree after any history", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { maxLength: 14 }), async (steps) => {
      await client.control("POST", "reset");
      await addCustomerKey(client);
      let model: Model = new Map();
      const mirror = new Map<string, Seen>();
      let link = "contacts?$select=new_customerno,lastname";
      const follow = async () => {
        let answer: Answer;
        do {
          answer = await client.api("GET", link, undefined, { Prefer: "odata.track-changes,odata.maxpagesize=2" });
          expect(answer.status, answer.text).toBe(200);
          for (const each of answer.json.value) {
            if (each.reason) mirror.delete(each.id);
            else mirror.set(each.contactid, each);
          }
          link = (answer.json["@odata.nextLink"] ?? answer.json["@odata.deltaLink"]).split("/v9.2/")[1];
        } while (answer.json["@odata.nextLink"]);
      };
      for (const { act, items } of steps) {
        if (act === "follow") await follow();
        else if (act === "delete") {
          const id = ID(items[0]!.n);
          expect((await client.api("DELETE", `contacts(${id})`)).status).toBe(model.delete(id) ? 204 : 404);
          // A tombstone hides an id for good in this mirror, so a deleted id must not come back before it was seen.
          await follow();
        } else {
          const after = expected(model, act, items);
          const answer = await client.api("POST", `contacts/Microsoft.Dynamics.CRM.${ACTIONS[act]}`, body(act, items));
          expect(answer.status < 300, `${act} ${JSON.stringify(items)} -> ${answer.text}`).toBe(after !== undefined);
          model = after ?? model;
        }
        const read = await client.api("GET", "contacts?$select=new_customerno,lastname");
        expect(fromAnswer(read.json.value)).toEqual(shown(model.values()));
      }
      await follow();
      expect(fromAnswer([...mirror.values()])).toEqual(shown(model.values()));
      for (const { key } of model.values()) {
        if (key !== null) expect((await client.api("GET", `contacts(new_customerno='${key}')`)).status).toBe(200);
      }
    }),
    { numRuns: 40, seed: 20_261_121 },
  );
});
