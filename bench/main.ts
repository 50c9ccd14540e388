import { parseArgs } from "node:util";
import { deliver } from "./deliver/index.ts";
import { faults } from "./faults/index.ts";
import { load } from "./load/index.ts";
import { sandbox } from "./sandbox/index.ts";

// npm run bench -- NAME [ROWS] [--rows N] [--rate SHARE] [--seeds N] [--kills N]: JSON lines, the last one says what it comes to.

/** What a benchmark may be told; each has defaults of its own. `rate` is a share of 1. */
type BenchOptions = { rows?: number; rate?: number; seeds?: number; kills?: number };

const benches: Record<string, (options: BenchOptions) => Promise<void>> = { deliver, faults, load, sandbox };

const options = asked();
if (options) await benches[options.name]!(options);
else {
  console.error(
    `Usage: npm run bench -- NAME [ROWS] [--rows N] [--rate SHARE] [--seeds N] [--kills N]. There are: ${Object.keys(benches).join(", ")}.`,
  );
  process.exitCode = 2;
}

function asked(): (BenchOptions & { name: string }) | undefined {
  const text = { type: "string" } as const;
  try {
    const { positionals, values } = parseArgs({
      options: { rows: text, rate: text, seeds: text, kills: text },
      allowPositionals: true,
    });
    const [name = "", rows = values.rows, ...more] = positionals;
    const numbers = Object.entries({ ...values, rows }).filter((each) => each[1] !== undefined);
    const wrong = numbers.some(([what, value]) => !(what === "rate" ? /^(0?\.\d+|0|1)$/ : /^[1-9]\d*$/).test(value!));
    if (wrong || more.length > 0 || !Object.hasOwn(benches, name)) return undefined;
    return { name, ...Object.fromEntries(numbers.map(([what, value]) => [what, Number(value)])) };
  } catch {
    return undefined; // an option that there is not
  }
}
