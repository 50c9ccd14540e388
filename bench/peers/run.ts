import { fork } from "node:child_process";
import { once } from "node:events";
import type { There } from "../there.ts";
import type { Task, Took } from "./dynamics-web-api.ts";

/** What a peer is called in results. */
export const PEER = "dynamics-web-api UpsertMultiple";

/** Lets the peer send the people of a Parquet file, in a process of its own. */
export async function runPeer({ env, headers }: There, people: string): Promise<Took> {
  const child = fork(new URL("dynamics-web-api.ts", import.meta.url), { stdio: "inherit" });
  const exit = once(child, "exit").then(([code]): never => {
    throw new Error(`the peer ended with exit code ${code}`);
  });
  exit.catch(() => {}); // it also ends when it is done
  const task: Task = { url: env.BASE_URL!, token: headers.authorization!.replace("Bearer ", ""), people };
  child.send(task);
  const [took] = await Promise.race([once(child, "message"), exit]);
  return took as Took;
}
