import { startSandbox } from "../../src/sandbox/index.ts";
import { serve } from "../server-process.ts";

serve((await startSandbox()).env);
