import { z } from "zod";
import type { Path } from "./document.ts";

/** The keys a schema knows at a path of the value it checks; empty where any key may stand. */
export function keysAt(schema: z.ZodType, path: readonly PropertyKey[] | Path): string[] {
  let at: z.ZodType[] = [schema];
  for (const step of path) at = at.flatMap((s) => inner(bare(s), String(step)));
  return at.flatMap((s) => bare(s).flatMap((b) => (b instanceof z.ZodObject ? Object.keys(b.shape) : [])));
}

/** A schema without what is wrapped around it; a union is each of its shapes. */
function bare(schema: z.ZodType): z.ZodType[] {
  if (schema instanceof z.ZodOptional || schema instanceof z.ZodDefault || schema instanceof z.ZodNullable)
    return bare(schema.unwrap() as z.ZodType);
  if (schema instanceof z.ZodPipe) return bare(schema.in as z.ZodType);
  if (schema instanceof z.ZodUnion) return schema.options.flatMap((option) => bare(option as z.ZodType));
  return [schema];
}

function inner(schemas: z.ZodType[], step: string): z.ZodType[] {
  return schemas.flatMap((schema) => {
    if (schema instanceof z.ZodObject) {
      const property = (schema.shape as Record<string, z.ZodType>)[step];
      return property ? [property] : [];
    }
    if (schema instanceof z.ZodRecord) return [schema.valueType as z.ZodType];
    if (schema instanceof z.ZodArray) return [schema.element as z.ZodType];
    return [];
  });
}
