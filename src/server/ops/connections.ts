import type { ResponseOf } from "../../api/index.ts";
import { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import type { Column } from "../../core/schema.ts";
import type { Connection, Project } from "../project/project.ts";
import type { Workplace } from "../workplace.ts";

/** Asks the connection itself, in this process: it is metadata, and little of it. */
export async function describe(
  workplace: Workplace,
  { connection: name, object }: { connection: string; object?: string | undefined },
): Promise<ResponseOf<"describe">> {
  const project = await workplace.project();
  const connection = connectionOf(project, name);
  const session = connection.connector.open(connection.config, { base: project.folder });
  try {
    if (object === undefined) return { connection: name, objects: await session.objects() };
    const schema = await session.describe(object);
    return {
      connection: name,
      object: schema.name,
      title: schema.title,
      id: schema.id,
      columns: schema.columns.map((column) => ({
        name: column.name,
        title: column.title,
        type: column.type,
        required: column.required,
        writable: column.type !== "other" && (column.create || column.update),
        details: details(column),
      })),
      keys: schema.keys,
    };
  } finally {
    await session.close();
  }
}

function details(column: Column): string {
  const parts: string[] = [];
  if (column.neverEmpty) parts.push("never empty");
  if (column.maxLength !== undefined) parts.push(`up to ${column.maxLength} characters`);
  if (column.min !== undefined || column.max !== undefined)
    parts.push(`${column.min ?? "any"} to ${column.max ?? "any"}`);
  if (column.precision !== undefined) parts.push(`${column.precision} decimals`);
  if (column.choices) parts.push(column.choices.map((choice) => `${choice.value} ${choice.label}`).join(", "));
  if (column.targets) parts.push(`points at ${column.targets.map((target) => target.object).join(" or ")}`);
  return parts.join("; ");
}

/** Error: unknown_name, with the nearest. */
export function connectionOf(project: Project, name: string): Connection {
  const connection = project.connections.get(name);
  if (connection) return connection;
  const known = [...project.connections.keys()];
  const offer = didYouMean(name, known) || (known.length ? `; it has ${known.join(", ")}.` : "; it has none.");
  throw new SluiceError("unknown_name", `The project ${project.name} has no connection \`${name}\`${offer}`);
}
