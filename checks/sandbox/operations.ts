import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { CONTROL_OPERATIONS } from "../../src/sandbox/control/routes.ts";
import { BATCH_OPERATIONS } from "../../src/sandbox/dataverse/batch/execute.ts";
import { COSMOS_OPERATIONS } from "../../src/sandbox/dataverse/cosmos/query.ts";
import { FETCH_OPERATIONS } from "../../src/sandbox/dataverse/fetchxml/answer.ts";
import { CONDITION_OPERATIONS } from "../../src/sandbox/dataverse/fetchxml/operators.ts";
import { FILE_MESSAGE_OPERATIONS } from "../../src/sandbox/dataverse/files/messages.ts";
import { FILE_OPERATIONS } from "../../src/sandbox/dataverse/files/route.ts";
import { JOB_OPERATIONS } from "../../src/sandbox/dataverse/jobs/bulk-delete.ts";
import { METADATA_OPERATIONS } from "../../src/sandbox/dataverse/metadata/actions.ts";
import { OPTIONAL_BEHAVIOURS } from "../../src/sandbox/dataverse/optional-behaviours.ts";
import { APPLY_OPERATIONS } from "../../src/sandbox/dataverse/query/apply.ts";
import { TRACKING_OPERATIONS } from "../../src/sandbox/dataverse/query/delta.ts";
import { EXPAND_OPERATIONS } from "../../src/sandbox/dataverse/query/expand.ts";
import { QUERY_OPTIONS } from "../../src/sandbox/dataverse/query/options.ts";
import { FILTER_OPERATIONS } from "../../src/sandbox/dataverse/query/parser.ts";
import { QUERY_FUNCTION_OPERATIONS } from "../../src/sandbox/dataverse/query/query-functions.ts";
import { DELETE_RULES } from "../../src/sandbox/dataverse/records/delete.ts";
import { BULK_OPERATIONS } from "../../src/sandbox/dataverse/routes/bulk.ts";
import { CLOSE_OPERATIONS } from "../../src/sandbox/dataverse/routes/close.ts";
import { CREATE_OPERATIONS } from "../../src/sandbox/dataverse/routes/create.ts";
import { DUPLICATE_OPERATIONS } from "../../src/sandbox/dataverse/routes/duplicates.ts";
import { LIST_OPERATIONS } from "../../src/sandbox/dataverse/routes/list-actions.ts";
import { MERGE_OPERATIONS } from "../../src/sandbox/dataverse/routes/merge.ts";
import { NAVIGATION_OPERATIONS } from "../../src/sandbox/dataverse/routes/navigation.ts";
import { ORGANIZATION_OPERATIONS } from "../../src/sandbox/dataverse/routes/organization.ts";
import { ELASTIC_OPERATIONS } from "../../src/sandbox/dataverse/routes/partition.ts";
import { PROPERTY_OPERATIONS } from "../../src/sandbox/dataverse/routes/property.ts";
import { QUALIFY_OPERATIONS } from "../../src/sandbox/dataverse/routes/qualify.ts";
import { RECORD_OPERATIONS } from "../../src/sandbox/dataverse/routes/record.ts";
import { REFERENCE_OPERATIONS } from "../../src/sandbox/dataverse/routes/reference.ts";
import { ACTOR_OPERATIONS } from "../../src/sandbox/dataverse/security/actor.ts";
import { SECURITY_OPERATIONS } from "../../src/sandbox/dataverse/security/messages.ts";
import { SQL_OPERATIONS } from "../../src/sandbox/dataverse/sql/answer.ts";
import { WEBHOOK_OPERATIONS } from "../../src/sandbox/dataverse/webhooks/steps.ts";
import { PROTOCOL_OPERATIONS } from "../../src/sandbox/dataverse/wire/negotiate.ts";
import { RESPONSE_MODE_OPERATIONS } from "../../src/sandbox/entra/authorize.ts";
import { ENTRA_ERRORS } from "../../src/sandbox/entra/errors.ts";
import { ENTRA_ENDPOINTS } from "../../src/sandbox/entra/routes.ts";
import { ENTRA_GRANTS } from "../../src/sandbox/entra/token.ts";
import { FAULT_OPERATIONS } from "../../src/sandbox/http/faults.ts";
import { LIMIT_OPERATIONS } from "../../src/sandbox/limits/figures.ts";
import type { Operation } from "../../src/sandbox/operation.ts";

/** Operations under the heading they have in the support matrix. */
export type Area = { title: string; operations: Operation[] };

const root = fileURLToPath(new URL("../../", import.meta.url));

/** Every operation of the sandbox. An array that is missing here is an unused export, which `npm run check` refuses. */
export const AREAS: Area[] = [
  {
    title: "Rows, lists and bulk messages",
    operations: [
      ...OPTIONAL_BEHAVIOURS,
      ...DELETE_RULES,
      ...BULK_OPERATIONS,
      ...CLOSE_OPERATIONS,
      ...CREATE_OPERATIONS,
      ...DUPLICATE_OPERATIONS,
      ...LIST_OPERATIONS,
      ...MERGE_OPERATIONS,
      ...NAVIGATION_OPERATIONS,
      ...ORGANIZATION_OPERATIONS,
      ...PROPERTY_OPERATIONS,
      ...QUALIFY_OPERATIONS,
      ...RECORD_OPERATIONS,
      ...REFERENCE_OPERATIONS,
      ...ELASTIC_OPERATIONS,
      ...COSMOS_OPERATIONS,
      ...PROTOCOL_OPERATIONS,
    ],
  },
  {
    title: "Queries",
    operations: [
      ...APPLY_OPERATIONS,
      ...TRACKING_OPERATIONS,
      ...EXPAND_OPERATIONS,
      ...QUERY_OPTIONS,
      ...FILTER_OPERATIONS,
      ...QUERY_FUNCTION_OPERATIONS,
    ],
  },
  { title: "Files and images", operations: [...FILE_OPERATIONS, ...FILE_MESSAGE_OPERATIONS] },
  { title: "FetchXML", operations: [...FETCH_OPERATIONS, ...CONDITION_OPERATIONS] },
  { title: "SQL", operations: SQL_OPERATIONS },
  { title: "$batch", operations: [...BATCH_OPERATIONS] },
  { title: "Metadata", operations: [...JOB_OPERATIONS, ...METADATA_OPERATIONS] },
  { title: "Security", operations: [...ACTOR_OPERATIONS, ...SECURITY_OPERATIONS] },
  { title: "Webhooks", operations: [...WEBHOOK_OPERATIONS] },
  {
    title: "Entra ID",
    operations: [...RESPONSE_MODE_OPERATIONS, ...ENTRA_ERRORS, ...ENTRA_ENDPOINTS, ...ENTRA_GRANTS],
  },
  { title: "Limits and profiles", operations: [...LIMIT_OPERATIONS] },
  { title: "Faults and HTTP", operations: [...FAULT_OPERATIONS] },
  { title: "Control API", operations: [...CONTROL_OPERATIONS] },
];

/** The titles of all tests, as they stand in the code. */
export function testTitles(): string[] {
  const files = ["src/sandbox", "test"].flatMap((folder) => testFiles(join(root, folder)));
  return files.flatMap((file) =>
    [
      ...readFileSync(file, "utf8").matchAll(
        /\b(?:test|it)(?:\.\w+)*(?:\((?:[^()"'`]|\([^()]*\))*\))?\(\s*(["'`])(.+?)\1/gs,
      ),
    ].map(([, , title]) => title!),
  );
}

function testFiles(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: "utf8" })
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name))
    .sort();
}
