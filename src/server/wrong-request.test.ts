import { expect, test } from "vitest";
import { localClient } from "./client.ts";

const nothing = () => {
  throw new Error("The request is looked at first.");
};
const parts = {
  connectors: { load: nothing, types: () => [] },
  jobs: { start: nothing, prepare: nothing, close: nothing },
};

test("a request that is wrong is told in a sentence, without the marks of who found it", async () => {
  const client = localClient({ project: "nowhere" }, parts);
  const message = "`sample` is wrong: Too small: expected number to be >=1.";
  await expect(client.verify({ syncs: [], sample: 0 })).rejects.toMatchObject({ code: "usage", message });
});
