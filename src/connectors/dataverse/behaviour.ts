import { z } from "zod";

export const behaviourFields = {
  bypass: z
    .array(z.enum(["customSync", "customAsync"]))
    .min(1)
    .optional()
    .describe(
      "Custom plug-ins and workflows that our writes do not start, those within a transaction or those after it; needs the privilege prvBypassCustomBusinessLogic",
    ),
  suppressFlows: z.boolean().optional().describe("Whether our writes start no Power Automate flows"),
  duplicateDetection: z
    .boolean()
    .optional()
    .describe("Whether a row is rejected where a published duplicate-detection rule finds another record like it"),
  tag: z
    .string()
    .regex(/^[\w .-]{1,100}$/, { error: "tag is up to 100 letters, digits, blanks, dots, hyphens and underscores" })
    .optional()
    .describe("A text that plug-ins find in their shared variables, to tell our writes from others"),
};

/** Optional behaviours of every write (dataverse.md section 12). Absent: as Dataverse does it by itself. */
export type Behaviour = z.output<z.ZodObject<typeof behaviourFields>>;

/** How a behaviour is asked for: headers of the request (in a `$batch`, of each part), and the end of its address. */
export function asked(behaviour: Behaviour): { headers: Record<string, string>; query: string } {
  const { bypass, suppressFlows, duplicateDetection, tag } = behaviour;
  const kinds = bypass?.map((kind) => (kind === "customSync" ? "CustomSync" : "CustomAsync"));
  return {
    headers: {
      ...(kinds && { "MSCRM.BypassBusinessLogicExecution": kinds.join(",") }),
      ...(suppressFlows && { "MSCRM.SuppressCallbackRegistrationExpanderJob": "true" }),
      ...(duplicateDetection && { "MSCRM.SuppressDuplicateDetection": "false" }),
    },
    query: tag === undefined ? "" : `?tag=${encodeURIComponent(tag)}`,
  };
}
