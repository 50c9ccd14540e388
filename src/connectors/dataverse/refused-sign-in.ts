import { SluiceError } from "../../core/errors.ts";
import { entraErrors } from "./entra-errors.ts";

/**
 * The error for a refused token request. `description` is Entra's own text: its first sentence is kept where the code is
 * not known, and `remedy` stands. `who`: the credential that was refused, in words.
 */
export function refusedSignIn(
  { codes, error, description }: { codes: readonly number[]; error: string; description: string },
  who: string,
  remedy = "Check tenant and credential; Entra ID's own words above say what it did not accept.",
): SluiceError {
  const fromText = Number(/AADSTS(\d+)/.exec(description)?.[1]);
  const code = [...codes, fromText].find((c) => c in entraErrors) ?? codes[0] ?? (fromText || undefined);
  const known = code === undefined ? undefined : entraErrors[code];
  const label = code === undefined ? error : `AADSTS${code}`;
  const said = description.split(/\r?\n| Trace ID:/)[0]?.replace(/^AADSTS\d+:\s*/, "") || error;
  const cause = known?.cause ?? said;
  return new SluiceError(
    known?.error ?? "secret_wrong",
    `Entra ID refused the sign-in of ${who}: ${cause} (${label}).`,
    { remedy: known?.remedy ?? remedy },
  );
}
