/** The example project, as the demo needs it. `variables` are those that the sandbox gives. */
export type Example = {
  /** Puts the project's YAML and freshly made data into `folder`, which is empty. */
  copyInto(folder: string): void;
  /** Makes the example's columns and keys in Dynamics. Returns the names of what was made. */
  makeColumns(variables: Record<string, string>): Promise<string[]>;
  /** A day later: the customer numbers that were changed, and those that have gone. */
  change(folder: string): { changed: string[]; left: string[] };
};
