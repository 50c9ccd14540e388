import type { Operation } from "../../operation.ts";
import type { Environment } from "../environment.ts";
import { read, readTarget, type Table } from "../model.ts";
import { idOf, isAlive, type Row } from "../row.ts";

const source = "dataverse.md section 13; use-webhooks.md";

/** What webhooks can do, for the support matrix. Steps of other messages are kept as rows, and never run. */
export const WEBHOOK_OPERATIONS: Operation[] = [
  {
    name: "RemoteExecutionContext",
    does: "Posted for Create, Update and Delete, of whatever request they come",
    source,
  },
  {
    name: "Webhook step of CreateMultiple",
    does: "And of UpdateMultiple: told of all rows of a request at once",
    source,
  },
  { name: "Webhook step of Associate", does: "And of Disassociate: both rows and the relationship", source },
  {
    name: "Webhook synchronous",
    does: "Asked before a write counts; a failure undoes the write with 0x80040265",
    source,
  },
  {
    name: "Webhook asynchronous",
    does: "Told afterwards; a system job (asyncoperation) keeps what came of it",
    source,
  },
  { name: "Webhook authtype", does: "WebhookKey, HttpHeader, HttpQueryString", source },
  { name: "Webhook filteringattributes", does: "An update that writes none of these columns tells nothing", source },
  {
    name: "Webhook images",
    does: "Rows of sdkmessageprocessingstepimage: the row before and after, with chosen columns",
    source,
  },
  {
    name: "BooleanManagedProperty",
    does: "`ishidden` and `iscustomizable` of steps and workflows: read, written, and filtered by as `ishidden/Value`",
    source: "bypass-custom-business-logic.md; reference of sdkmessageprocessingstep",
  },
  {
    name: "workflows",
    does: "kept as rows; none ever runs",
    source: "reference of workflow; manage-flows-with-code.md",
  },
  {
    name: "callbackregistrations",
    does: "what cloud flows are triggered by: kept as rows, and no flow runs",
    source: "reference of callbackregistration; bypass-power-automate-flows.md",
  },
  { name: "Webhook retry", does: "One more attempt after 502, 503 and 504; 60 seconds for each", source },
  {
    name: "x-ms-dynamics-msg-size-exceeded",
    does: "Over 256 KB the parameters, images and parent context are left out",
    source,
  },
];

/** Where a webhook posts to, and what it proves itself with (dataverse.md section 13). */
export type Endpoint = { id: string; name: string; url: string; authType: number; authValue: string };

export type Image = { alias: string; kind: "pre" | "post" | "both"; columns: Set<string> | undefined };

/** A registered step of a webhook, enabled. `table` undefined: of every table. */
export type WebhookStep = {
  id: string;
  name: string;
  message: string;
  table: string | undefined;
  /** Columns one of which an update must write; undefined: any. */
  filter: Set<string> | undefined;
  stage: number;
  asynchronous: boolean;
  rank: number;
  /** Whom it runs as; undefined: the calling user. */
  user: string | undefined;
  /** No system job is kept of a success. */
  forgetsSuccess: boolean;
  images: Image[];
  endpoint: Endpoint;
};

/** Contract of a service endpoint that is a webhook. */
const WEBHOOK = 8;

/** Whether there is any step at all: what a write must ask before it does more. */
export function hasSteps(environment: Environment): boolean {
  return environment.tables.get("sdkmessageprocessingstep")!.byId.size > 0;
}

/** The enabled steps of webhooks, in the order they run: by stage, then by rank. */
export function webhookSteps(environment: Environment): WebhookStep[] {
  const { tables } = environment;
  const steps = tables.get("sdkmessageprocessingstep")!;
  const found: WebhookStep[] = [];
  for (const row of steps.rows) {
    const step = isAlive(row) ? webhookStep(environment, steps, row) : undefined;
    if (step) found.push(step);
  }
  return found.sort((a, b) => a.stage - b.stage || a.rank - b.rank);
}

function webhookStep(environment: Environment, steps: Table, row: Row): WebhookStep | undefined {
  const { tables } = environment;
  const value = reader(steps, row);
  if (value("statecode") !== 0) return undefined;
  const handler = steps.columns.get("eventhandler")!;
  if (readTarget(row, handler) !== "serviceendpoint") return undefined;
  const endpoint = endpointOf(tables.get("serviceendpoint")!, String(value("eventhandler")));
  const messages = tables.get("sdkmessage")!;
  const message = messages.byId.get(String(value("sdkmessageid")));
  if (!endpoint || !message) return undefined;
  const filters = tables.get("sdkmessagefilter")!;
  const filter = filters.byId.get(String(value("sdkmessagefilterid")));
  return {
    id: idOf(row),
    name: String(value("name") ?? ""),
    message: String(reader(messages, message)("name")),
    table: filter ? String(reader(filters, filter)("primaryobjecttypecode")) : undefined,
    filter: columnList(value("filteringattributes")),
    stage: Number(value("stage")),
    asynchronous: value("mode") === 1,
    rank: Number(value("rank") ?? 1),
    user: (value("impersonatinguserid") as string | null) ?? undefined,
    forgetsSuccess: value("asyncautodelete") === true,
    images: imagesOf(tables.get("sdkmessageprocessingstepimage")!, idOf(row)),
    endpoint,
  };
}

function endpointOf(endpoints: Table, id: string): Endpoint | undefined {
  const row = endpoints.byId.get(id);
  if (!row) return undefined;
  const value = reader(endpoints, row);
  if (value("contract") !== WEBHOOK || typeof value("url") !== "string") return undefined;
  return {
    id,
    name: String(value("name")),
    url: String(value("url")),
    authType: Number(value("authtype")),
    authValue: String(value("authvalue") ?? ""),
  };
}

const IMAGE_KINDS: Record<string, Image["kind"]> = { 0: "pre", 1: "post", 2: "both" };

function imagesOf(images: Table, step: string): Image[] {
  const found: Image[] = [];
  for (const row of images.rows) {
    const value = reader(images, row);
    if (!isAlive(row) || value("sdkmessageprocessingstepid") !== step) continue;
    found.push({
      alias: String(value("entityalias") ?? ""),
      kind: IMAGE_KINDS[String(value("imagetype"))] ?? "both",
      columns: columnList(value("attributes")),
    });
  }
  return found;
}

function columnList(text: unknown): Set<string> | undefined {
  if (typeof text !== "string" || text.trim() === "") return undefined;
  return new Set(text.split(",").map((each) => each.trim().toLowerCase()));
}

function reader(table: Table, row: Row) {
  return (name: string) => {
    const column = table.columns.get(name);
    return column ? read(row, column) : null;
  };
}
