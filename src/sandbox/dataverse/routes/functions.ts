import type { Reply } from "../../http/exchange.ts";
import { errors } from "../errors.ts";
import { pairs } from "../query/options.ts";
import { type ApiRequest, odata } from "../request.ts";

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
