import { runJob } from "../../src/engine/index.ts";
import { serveJob } from "../../src/server/jobs/child.ts";
import { connectors } from "./hasty.ts";

// The process of a run, as main.ts makes it, but for the pauses.

serveJob((job, onProgress, signal) => runJob(job, { connectors, onProgress, signal }));
