import { open, rename } from "node:fs/promises";

/**
 * Writes JSON so that whoever dies at any moment, of a power cut too, leaves the file whole or as it was. Its owner alone
 * may read it.
 */
export async function writeWhole(path: string, content: object): Promise<void> {
  const file = await open(`${path}.new`, "w", 0o600);
  try {
    await file.writeFile(JSON.stringify(content));
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(`${path}.new`, path);
}

/** Promises that what was written is on disk. `flags`: `"r"` for a folder, of which it is the names. */
export async function onDisk(path: string, flags = "r+"): Promise<void> {
  const file = await open(path, flags);
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}
