import { errors } from "../errors.ts";
import { type Column, read, type Table } from "../model.ts";
import type { Row } from "../row.ts";
import { type Draft, drafted, setDrafted } from "./draft.ts";

/**
 * Keeps statecode and statuscode a valid pair: a new row gets state 0 and that state's default status, a state alone
 * brings its default status, a status must belong to the state (dataverse.md section 5). Throws 0x80048408 otherwise.
 */
export function completeStatus(table: Table, draft: Draft, row: Row | undefined, id: string): void {
  const state = table.columns.get("statecode");
  const status = table.columns.get("statuscode");
  if (!state || !status || state.kind !== "state") return;
  const wantedState = drafted(draft, state);
  const wantedStatus = drafted(draft, status);
  if (row && wantedState === undefined && wantedStatus === undefined) return;
  if (wantedState === null) throw errors.required(table.name, "statecode");

  const held = row ? read(row, state) : (state.options?.[0]?.value ?? 0);
  const stateValue = typeof wantedState === "number" ? wantedState : held;
  if (!row || wantedState !== undefined) setDrafted(draft, state, stateValue);
  if (typeof wantedStatus === "number") {
    const option = status.options?.find((each) => each.value === wantedStatus);
    if (option && option.state !== stateValue) {
      const label = state.options?.find((each) => each.value === stateValue)?.label ?? String(stateValue);
      throw errors.invalidStatus(table.name, wantedStatus, `${table.schema}State.${label.replaceAll(" ", "")}`, id);
    }
    return;
  }
  setDrafted(draft, status, defaultStatus(state, status, Number(stateValue)));
}

function defaultStatus(state: Column, status: Column, value: number): number {
  const fallback = state.options?.find((each) => each.value === value)?.fallback;
  return fallback ?? status.options?.find((each) => each.state === value)?.value ?? value;
}

/** States that belong to messages of their own, by the name the refusal gives the message. */
const BY_MESSAGE: Record<string, Record<number, string>> = {
  opportunity: { 1: "won", 2: "lost" },
  incident: { 1: "CloseIncidentRequest" },
};

/** Throws 0x80100005 where an update would set a state that only WinOpportunity, LoseOpportunity or CloseIncident may. */
export function refuseMessageStates(table: Table, draft: Draft, row: Row): void {
  const messages = BY_MESSAGE[table.name];
  const state = messages && table.columns.get("statecode");
  const wanted = state && drafted(draft, state);
  const message = messages?.[Number(wanted ?? -1)];
  if (message === undefined || wanted === read(row, state!)) return;
  const label = state!.options?.find((each) => each.value === wanted)?.label ?? String(wanted);
  throw errors.stateByMessage(table.name, table.name === "opportunity" ? message : label, message);
}
