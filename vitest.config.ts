import { availableParallelism } from "node:os";
import { fileURLToPath } from "node:url";
import { defineConfig } from "vitest/config";

/** Tests that leave nothing behind in their process share it: loading the sandbox anew for each file took longer than its tests. */
const shared = ["src/core", "src/sandbox", "checks", "docs", "test/clients", "test/documentation"];
const ownProcess = ["src", "test", "examples"];

// Reading code is half of what a process costs that a test starts, unless it is kept compiled.
process.env.NODE_COMPILE_CACHE ??= fileURLToPath(new URL("node_modules/.cache/sluice", import.meta.url));

const filesIn = (folders: string[]) => folders.map((folder) => `${folder}/**/*.test.ts`);

export default defineConfig({
  test: {
    globalSetup: "test/temporary-folder.ts",
    pool: "forks",
    // One less is the default, which leaves half of a small machine idle.
    maxWorkers: availableParallelism(),
    // Against what hangs, not what is slow: seconds of work took more than a minute on a machine that others kept busy.
    testTimeout: 300_000,
    hookTimeout: 300_000,
    projects: [
      {
        extends: true,
        test: { name: "alone", include: filesIn(ownProcess), exclude: filesIn(shared) },
      },
      {
        extends: true,
        test: { name: "shared", include: filesIn(shared), isolate: false },
      },
    ],
  },
});
