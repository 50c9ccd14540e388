import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, test, vi } from "vitest";
import { type Control, openControl } from "../store/control.ts";
import { renewEvery, takeLease } from "../store/lease.ts";
import { underLease } from "./lease.ts";
import type { Workplace } from "./workplace.ts";

let folder: string;
let control: Control;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  control = await openControl(folder);
  vi.useFakeTimers({ toFake: ["setInterval", "clearInterval"] });
});
afterEach(async () => {
  vi.useRealTimers();
  await control.destroy();
  rmSync(folder, { recursive: true });
});

/** A server that takes its time with a renewal: it does it when `may` says so, after what has come to it by then. */
function slowToRenew(may: Promise<void>, renewing: (done: Promise<unknown>) => void): Control {
  let others: Promise<unknown> | undefined;
  const slow = <T extends object>(query: T): T =>
    new Proxy(query, {
      get(of, name) {
        const member = Reflect.get(of, name) as (...args: unknown[]) => unknown;
        if (name === "execute")
          return () => {
            others = member.call(of) as Promise<unknown>;
            return others;
          };
        if (name === "executeTakeFirst")
          return () => {
            const done = may.then(() => others).then(() => member.call(of));
            renewing(done);
            return done;
          };
        return (...args: unknown[]) => slow(member.apply(of, args) as object);
      },
    });
  return {
    insertInto: (table: "lease") => control.insertInto(table),
    updateTable: (table: "lease") => slow(control.updateTable(table)),
  } as Control;
}

test("who ends while a renewal is under way leaves no lease behind", async () => {
  let renew = () => {};
  const may = new Promise<void>((resolve) => {
    renew = resolve;
  });
  let renewal: Promise<unknown> | undefined;
  const history = async () =>
    slowToRenew(may, (done) => {
      renewal = done;
    });
  const workplace = { shared: true, history, asking: (query: Promise<unknown>) => query } as unknown as Workplace;
  await underLease(workplace, { environment: "default", sync: "people", folder }, async () => {
    vi.advanceTimersByTime(renewEvery);
    setImmediate(renew);
  });
  expect(await renewal).toEqual({ number: 1 });
  expect(await takeLease(control, "default/people", "the next one", 0)).toBe(2);
});
