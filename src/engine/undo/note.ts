import { readFile, stat } from "node:fs/promises";

/** An undo, as its run folder says it: which run it takes back, who asked for it, and when. Written before it sends. */
export type UndoNote = { of: string; by: string; at: string };

/** Undefined where there is none. One that is damaged still says that an undo may have sent something. */
export async function readUndoNote(path: string): Promise<UndoNote | undefined> {
  try {
    return JSON.parse(await readFile(path, "utf8")) as UndoNote;
  } catch (thrown) {
    if ((thrown as NodeJS.ErrnoException).code === "ENOENT") return undefined;
    if (!(thrown instanceof SyntaxError)) throw thrown;
    return { of: "(unknown)", by: "(unknown)", at: (await stat(path)).mtime.toISOString() };
  }
}
