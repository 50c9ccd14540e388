import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Locked = { version?: string; dependencies?: Names; optionalDependencies?: Names; os?: string[]; cpu?: string[] };
type Names = Record<string, string>;

const { packages } = JSON.parse(readFileSync(new URL("../package-lock.json", import.meta.url), "utf8")) as {
  packages: Record<string, Locked>;
};

/** What Node finds for `name` from inside `from`: the nearest folder upwards that has it. */
function found(from: string, name: string): Locked | undefined {
  for (let at = from; ; at = at.replace(/(^|\/)node_modules\/(@[^/]+\/)?[^/]+$/, "")) {
    const here = packages[`${at === "" ? "" : `${at}/`}node_modules/${name}`];
    if (here || at === "") return here;
  }
}

// A registry that lacks the packages of other platforms makes npm write a lockfile that `npm ci` then refuses everywhere.
it("locks every package, those for other platforms too", () => {
  const missing = Object.entries(packages).flatMap(([path, { dependencies, optionalDependencies }]) =>
    Object.keys({ ...dependencies, ...optionalDependencies })
      .filter((name) => found(path, name)?.version === undefined)
      .map((name) => `${path || "package.json"} needs ${name}`),
  );
  expect(missing).toEqual([]);
});
