import { TENANT_ID } from "../../entra/directory.ts";
import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { read } from "../model.ts";
import { type ApiRequest, odata } from "../request.ts";

/** The version of the emulated service (the last one the reference speaks of is 9.2). */
const VERSION = "9.2.25000.100";
const ENGLISH = 1033;

function answer(request: ApiRequest, name: string, result: Record<string, unknown>): Reply {
  if (request.call.method !== "GET") throw errors.noSuchResource(`${request.call.origin}${request.call.path}`);
  const context = `${request.base}/$metadata#Microsoft.Dynamics.CRM.${name}Response`;
  return odata(200, JSON.stringify({ "@odata.context": context, ...result }));
}

function organizationName(request: ApiRequest): string {
  const table = request.environment.tables.get("organization")!;
  const row = table.byId.get(request.environment.organization);
  return row ? String(read(row, table.columns.get("name")!)) : "sandbox";
}

/** Functions that tell about the environment itself, by name. */
export const ORGANIZATION_FUNCTIONS: Record<string, (request: ApiRequest) => Reply> = {
  RetrieveVersion: (request) => answer(request, "RetrieveVersion", { Version: VERSION }),
  RetrieveAvailableLanguages: (request) => answer(request, "RetrieveAvailableLanguages", { LocaleIds: [ENGLISH] }),
  RetrieveProvisionedLanguages: (request) =>
    answer(request, "RetrieveProvisionedLanguages", { RetrieveProvisionedLanguages: [ENGLISH] }),
  RetrieveCurrentOrganization: (request) => {
    const name = organizationName(request);
    const { origin } = request.call;
    return answer(request, "RetrieveCurrentOrganization", {
      Detail: {
        OrganizationId: request.environment.organization,
        FriendlyName: name,
        OrganizationVersion: VERSION,
        EnvironmentId: request.environment.organization,
        DatacenterId: "00000000-0000-0000-0000-000000000000",
        Geo: "EMEA",
        TenantId: TENANT_ID,
        UrlName: name,
        UniqueName: name,
        State: "Enabled",
        Endpoints: {
          Count: 2,
          IsReadOnly: false,
          Keys: ["WebApplication", "OrganizationDataService"],
          Values: [`${origin}/`, `${origin}/api/data/`],
        },
      },
    });
  },
};

export const ORGANIZATION_OPERATIONS: Operation[] = [
  { name: "WhoAmI", does: "the caller's id, its business unit and the organization", source: "dataverse.md section 2" },
  { name: "RetrieveTotalRecordCount", does: "rows of tables, as they are now", source: "dataverse.md section 6" },
  { name: "RetrieveVersion", does: "the service's version", source: "the RetrieveVersion function" },
  {
    name: "RetrieveCurrentOrganization",
    does: "name, id and addresses",
    source: "the RetrieveCurrentOrganization function",
  },
  { name: "RetrieveAvailableLanguages", does: "English (1033)", source: "the RetrieveAvailableLanguages function" },
  { name: "RetrieveProvisionedLanguages", does: "English (1033)", source: "the RetrieveProvisionedLanguages function" },
];
