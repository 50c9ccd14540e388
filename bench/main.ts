import { parseArgs } from "node:util";
import { deliver } from "./deliver/index.ts";
import { load } from "./load/index.ts";
import { memory } from "./memory.ts";
import { noop } from "./noop.ts";
import { plan } from "./plan/index.ts";
import { sandbox } from "./sandbox/index.ts";

// npm run bench -- NAME [ROWS] [--rows N]: JSON lines, the last one says what it comes to.

/** What a benchmark may be told; each has defaults of its own. */
type BenchOptions = { rows?: number };

const benches: Record<string, (options: BenchOptions) => Promise<void>> = {
  deliver,
  load,
  memory,
  noop,
  plan,
  sandbox,
};

const options = asked();
if (options) await benches[options.name]!(options);
else {
  console.error(`Usage: npm run bench -- NAME [ROWS] [--rows N]. There are: ${Object.keys(benches).join(", ")}.`);
  process.exitCode = 2;
}

function asked(): (BenchOptions & { name: string }) | undefined {
  try {
    const { positionals, values } = parseArgs({ options: { rows: { type: "string" } }, allowPositionals: true });
    const [name = "", rows = values.rows, ...more] = positionals;
    if ((rows !== undefined && !/^[1-9]\d*$/.test(rows)) || more.length > 0 || !Object.hasOwn(benches, name))
      return undefined;
    return { name, ...(rows !== undefined && { rows: Number(rows) }) };
  } catch {
    return undefined; // an option that there is not
  }
}
