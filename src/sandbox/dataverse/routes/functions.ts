import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { namedGuid } from "../guids.ts";
import { compileFilter } from "../query/evaluate.ts";
import { pairs, parseOptions } from "../query/options.ts";
import { parseFilter } from "../query/parser.ts";
import { type ApiRequest, odata } from "../request.ts";
import type { Segment } from "../wire/address.ts";

/** `GET /WhoAmI` (dataverse.md section 2). */
export function whoAmI(request: ApiRequest): Reply {
  if (request.call.method !== "GET") throw errors.noSuchResource(`${request.call.origin}${request.call.path}`);
  const { environment } = request;
  return odata(
    200,
    JSON.stringify({
      "@odata.context": `${request.base}/$metadata#Microsoft.Dynamics.CRM.WhoAmIResponse`,
      BusinessUnitId: environment.businessUnit,
      UserId: request.actor.user,
      OrganizationId: environment.organization,
    }),
  );
}

/** `RetrieveTotalRecordCount(EntityNames=['contact'])`, the list also as a parameter alias (section 6). */
export function totalRecordCount(request: ApiRequest, parameters: string): Reply {
  if (request.call.method !== "GET") throw errors.noSuchResource(`${request.call.origin}${request.call.path}`);
  const given = /^\s*EntityNames\s*=\s*(.+)$/s.exec(parameters)?.[1]?.trim();
  const text = given?.startsWith("@") ? new Map(pairs(request.call.query)).get(given) : given;
  const names = entityNames(text);
  const counts = names.map((name) => {
    const table = request.environment.tables.get(name);
    if (!table) throw errors.noSuchProperty(name, "EntityMetadata");
    return table.byId.size;
  });
  return odata(
    200,
    JSON.stringify({
      "@odata.context": `${request.base}/$metadata#Microsoft.Dynamics.CRM.RetrieveTotalRecordCountResponse`,
      EntityRecordCountCollection: { Count: names.length, IsReadOnly: false, Keys: names, Values: counts },
    }),
  );
}

function entityNames(text: string | undefined): string[] {
  try {
    const names = JSON.parse((text ?? "").replaceAll("'", '"')) as unknown;
    if (Array.isArray(names) && names.every((name) => typeof name === "string")) return names as string[];
  } catch {
    // The one error below stands for every list that is none.
  }
  throw errors.badQuery("The parameter 'EntityNames' must be a list of table names.");
}

const BULK_MESSAGES = ["CreateMultiple", "UpdateMultiple"];
const PLAIN_MESSAGES = ["Create", "Update", "Delete", "Retrieve", "RetrieveMultiple", "Upsert"];

/**
 * `GET /sdkmessagefilters`, the way to ask which tables have the bulk messages (section 3). UpsertMultiple is never
 * listed. Columns: sdkmessagefilterid, primaryobjecttypecode, and the path sdkmessageid/name in $filter.
 */
export function sdkMessageFilters(request: ApiRequest, root: Segment): Reply {
  if (root.key !== undefined) throw errors.notBuilt("One row of sdkmessagefilters");
  if (request.call.method !== "GET") throw errors.wrongVerb(request.call.method);
  const options = parseOptions(request.call.query);
  type Entry = { sdkmessagefilterid: string; primaryobjecttypecode: string; message: string };
  const all: Entry[] = [...request.environment.tables.values()].flatMap((table) =>
    [...PLAIN_MESSAGES, ...(table.bulk ? BULK_MESSAGES : [])].map((message) => ({
      sdkmessagefilterid: namedGuid(`message ${message} ${table.name}`),
      primaryobjecttypecode: table.name,
      message,
    })),
  );
  const known = ["sdkmessagefilterid", "primaryobjecttypecode"] as const;
  const test =
    options.filter === undefined
      ? () => true
      : compileFilter<Entry>(parseFilter(options.filter, options.aliases), (path) => {
          const name = path.join("/");
          if (name === "sdkmessageid/name") return { type: "string", get: (entry) => entry.message };
          const column = known.find((each) => each === name);
          if (!column) throw errors.noSuchProperty(name, "sdkmessagefilter");
          return { type: column === "sdkmessagefilterid" ? "guid" : "string", get: (entry) => entry[column] };
        });
  const wrong = options.select?.find((name) => !known.includes(name as (typeof known)[number]));
  if (wrong !== undefined) throw errors.noSuchProperty(wrong, "sdkmessagefilter");
  const columns = options.select?.includes("primaryobjecttypecode") === false ? known.slice(0, 1) : known;
  const value = all
    .filter(test)
    .slice(0, options.top ?? 5000)
    .map((entry) => Object.fromEntries(columns.map((column) => [column, entry[column]])));
  return odata(200, JSON.stringify({ "@odata.context": `${request.base}/$metadata#sdkmessagefilters`, value }));
}
