import { sandbox } from "./sandbox/index.ts";

// npm run bench -- NAME [ROWS]: one benchmark beside its floor in the same run; JSON lines, the last one the ratio.

const benches: Record<string, (rows?: number) => Promise<void>> = { sandbox };

const [name = "", rows] = process.argv.slice(2);
const bench = Object.hasOwn(benches, name) ? benches[name] : undefined;
if (!bench || (rows !== undefined && !/^[1-9]\d*$/.test(rows))) {
  console.error(`Usage: npm run bench -- NAME [ROWS]. There are: ${Object.keys(benches).join(", ")}.`);
  process.exit(2);
}
await bench(rows === undefined ? undefined : Number(rows));
