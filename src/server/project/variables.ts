import type { Path } from "./document.ts";

export type Variables = Readonly<Record<string, string | undefined>>;

/** `name` is undefined where `${...}` holds something that cannot be a variable's name. */
export type MissingVariable = { path: Path; name: string | undefined; text: string };

/**
 * A copy of `value` in which `${NAME}` in any text is replaced by that variable; `$${` stands for a plain `${`. What is
 * not set, or set to nothing, is listed in `missing` with its place and left as it is.
 */
export function fillVariables(value: unknown, variables: Variables, path: Path = []) {
  const missing: MissingVariable[] = [];
  const fill = (at: unknown, here: Path): unknown => {
    if (typeof at === "string")
      return at.replaceAll(/\$\$\{|\$\{([^}]*)\}?/g, (text: string, inside: string | undefined) => {
        if (inside === undefined) return "${";
        const name = /^[A-Za-z_][A-Za-z0-9_]*$/.test(inside) && text.endsWith("}") ? inside : undefined;
        const found = name === undefined ? undefined : variables[name];
        if (found === undefined || found === "") missing.push({ path: here, name, text });
        return found ?? text;
      });
    if (Array.isArray(at)) return at.map((item, i) => fill(item, [...here, i]));
    if (at !== null && typeof at === "object")
      return Object.fromEntries(Object.entries(at).map(([key, item]) => [key, fill(item, [...here, key])]));
    return at;
  };
  return { value: fill(value, path), missing };
}
