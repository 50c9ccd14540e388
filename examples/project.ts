import { cpSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { makeColumns } from "./columns.ts";
import { change, generate } from "./generate.ts";

const parts = ["sluice.yaml", "connections", "models", "audiences", "syncs"];
const data = (folder: string) => join(folder, "data");

/** This project, to be worked on in another folder: what the demo and the tests of the whole system start from. */
export const example = {
  /** Copies the YAML into `folder` and makes the data there. */
  copyInto(folder: string): void {
    for (const part of parts)
      cpSync(fileURLToPath(new URL(part, import.meta.url)), join(folder, part), { recursive: true });
    generate({ folder: data(folder) });
  },
  makeColumns,
  /** As `change` of generate.ts, in a folder made by `copyInto`. */
  change: (folder: string) => change({ folder: data(folder) }),
};
