import { readFileSync } from "node:fs";
import { expect, it } from "vitest";

type Locked = {
  version?: string;
  integrity?: string;
  optional?: boolean;
  dependencies?: Names;
  optionalDependencies?: Names;
  os?: string[];
  cpu?: string[];
};
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

const loose = Object.entries(packages).filter(([path, { integrity }]) => path !== "" && integrity === undefined);

// The lockfile was made where some packages of other platforms could not be had, so their checksums are not known.
it("has a checksum of every package but some that only other platforms take", () => {
  expect(loose.filter(([, { optional, os, cpu }]) => !optional || !(os || cpu))).toEqual([]);
  const weak = Object.values(packages).filter(({ integrity }) => integrity && !/^sha512-[\w+/]{86}==$/.test(integrity));
  expect(weak).toEqual([]);
});

it("pins a package without checksum to the very version that is asked for", () => {
  for (const [path, { version }] of loose) {
    const name = path.slice("node_modules/".length);
    const asked = Object.values(packages).flatMap((one) => one.optionalDependencies?.[name] ?? []);
    expect(
      asked.map((range) => range.replace(/^\^/, "")),
      name,
    ).toContain(version);
  }
});
