import { fork } from "node:child_process";
import { once } from "node:events";

export type Memory = { rss: number; heap: number };

/** A server of a benchmark in a process of its own, so that it shares neither memory nor event loop with the clients. */
export type ServerProcess = { env: Record<string, string>; memory(): Promise<Memory>; stop(): Promise<void> };

/** Starts `file`, which must call `serve`. */
export async function startServer(file: URL): Promise<ServerProcess> {
  const child = fork(file, { stdio: "inherit", execArgv: ["--expose-gc"] });
  const [env] = (await once(child, "message")) as [Record<string, string>];
  return {
    env,
    async memory() {
      child.send("memory");
      const [memory] = (await once(child, "message")) as [Memory];
      return memory;
    },
    async stop() {
      const gone = once(child, "exit");
      if (child.connected) child.disconnect();
      await gone;
    },
  };
}

/**
 * The server's side: tells that it listens, and what it weighs whenever it is asked. It ends with `close` when it is
 * stopped, and also when whoever started it has died.
 */
export function serve(env: Record<string, string>, close: () => Promise<void> = async () => {}): void {
  process.on("message", () => {
    // Without the garbage of the load: what the rows themselves hold.
    gc?.();
    const { rss, heapUsed } = process.memoryUsage();
    process.send!({ rss, heap: heapUsed });
  });
  process.once("disconnect", () => close().finally(() => process.exit()));
  process.send!(env);
}
