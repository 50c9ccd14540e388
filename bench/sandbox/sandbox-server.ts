import { startSandbox } from "../../src/sandbox/index.ts";
import { serve } from "../server-process.ts";

const sandbox = await startSandbox();
serve(sandbox.env, sandbox.close);
