import { SluiceError } from "../core/errors.ts";
import { type Duck, parquetRows } from "./duck.ts";

/** The columns of a Parquet file that is there and whole, in order. */
export async function columnsIn(duck: Duck, path: string): Promise<string[]> {
  const names = await duck.all<{ column_name: string }>(`DESCRIBE SELECT * FROM ${parquetRows(path)}`);
  return names.map((each) => each.column_name);
}

/**
 * The columns of a Parquet file that a run which died has left; undefined where there is none, or a power cut has torn it, or
 * left a hole in it. So it is read whole.
 */
export async function columnsOf(duck: Duck, path: string): Promise<string[] | undefined> {
  try {
    await duck.run(`SELECT max(hash(COLUMNS(*))) FROM ${parquetRows(path)}`);
    return await columnsIn(duck, path);
  } catch (thrown) {
    if (SluiceError.from(thrown).code === "bug") return undefined;
    throw thrown;
  }
}
