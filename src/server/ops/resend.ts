import type { CallOptions, ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import type { RejectedFilter } from "../../engine/rejected.ts";
import type { Workplace } from "../workplace.ts";
import type { Leeway } from "./each-sync.ts";
import { run } from "./syncs.ts";

type Request = RejectedFilter & { sync: string; all: boolean } & Pick<Leeway, "approve" | "maxWait">;

/** Errors: usage, where nothing says which rows; nothing_waits; and those of a run. */
export function resend(
  workplace: Workplace,
  { sync, all, approve, maxWait, ...only }: Request,
  options: CallOptions,
): Promise<ResponseOf<"resend">> {
  if (all === Object.values(only).some((value) => value !== undefined))
    throw new SluiceError("usage", "Say which rows to send again: --code, --column or --key, or else --all.");
  return run(workplace, { syncs: [sync], approve, maxWait, only }, options);
}
