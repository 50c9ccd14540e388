import { startSandbox } from "../../src/sandbox/index.ts";
import { serve } from "../server-process.ts";
import { SPEED } from "./speed.ts";

const sandbox = await startSandbox({ profile: "documented", servers: 1, speed: SPEED });
serve(sandbox.env, sandbox.close);
