import { fork } from "node:child_process";
import { once } from "node:events";
import type { AloneTask, AloneTook } from "./alone-process.ts";

/** Rows a second from the change file to a socket that answers 204, in a process of its own. */
export async function engineAlone(folder: string, people: string, rows: number): Promise<AloneTook & { rate: number }> {
  const sink = fork(new URL("sink-server.ts", import.meta.url), { stdio: "inherit" });
  const [env] = (await once(sink, "message")) as [{ BASE_URL: string }];
  const child = fork(new URL("alone-process.ts", import.meta.url), { stdio: "inherit" });
  const task: AloneTask = { folder, people, url: env.BASE_URL };
  child.send(task);
  const [took] = (await once(child, "message")) as [AloneTook];
  const gone = once(sink, "exit");
  sink.disconnect();
  await gone;
  return { ...took, rate: rows / took.seconds };
}
