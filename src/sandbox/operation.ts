/**
 * One thing a client can ask of the sandbox, as the support matrix lists it. `name` is the vendor's own word where there
 * is one (`CreateMultiple`, `$expand`, `AADSTS7000215`). At least one test has a title that begins with the name,
 * followed by a colon; `npm run sandbox:matrix -- --check` sees to that.
 */
export type Operation = {
  name: string;
  /** What it does here, in a few words, for the table in docs/sandbox.md. */
  does: string;
  /** The section of the reference or the documentation page it follows. */
  source: string;
};
