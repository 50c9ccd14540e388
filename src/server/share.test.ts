import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout } from "node:timers/promises";
import { sql } from "kysely";
import { expect, test, vi } from "vitest";
import type { Job } from "../engine/job.ts";
import { openControl } from "../store/control.ts";
import { sharing } from "./share.ts";
import type { Workplace } from "./workplace.ts";

test("the machine's clock is set back while a run was asked to wait: the others are told the wait, and not the jump", async () => {
  const folder = mkdtempSync(join(tmpdir(), "sluice-test-"));
  const control = await openControl(folder);
  const workplace = { shared: true, history: async () => control, asking: (query) => query } as Workplace;
  const job = { environment: "default", destination: { connection: "crm" }, run: "a" } as Job;
  const shut = async () => {
    const left = sql<number>`extract(epoch FROM shut - clock_timestamp())::double precision`.as("left");
    return (await control.selectFrom("connection_share").select(["until", left]).execute())[0];
  };
  const set = Date.now;
  try {
    await sharing(workplace, job, async (others) => {
      others!.heard({ phase: "deliver", done: 0, until: set() + 60_000 });
      while ((await shut())!.left < 1) await setTimeout(20);
      vi.spyOn(Date, "now").mockImplementation(() => set() - 30 * 24 * 3600_000);
      const { until } = (await shut())!;
      while (Number((await shut())!.until) === Number(until)) await setTimeout(50);
      const { left } = (await shut())!;
      expect(left).toBeGreaterThan(50);
      expect(left).toBeLessThanOrEqual(60);
      // A wait that ends sooner by a clock that was set is the one that counts.
      others!.heard({ phase: "deliver", done: 0, until: Date.now() + 200_000 });
      while ((await shut())!.left < 100) await setTimeout(20);
      expect((await shut())!.left).toBeLessThanOrEqual(200);
    });
  } finally {
    vi.restoreAllMocks();
    await control.destroy();
    rmSync(folder, { recursive: true });
  }
});
