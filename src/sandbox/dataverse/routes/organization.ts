import { TENANT_ID } from "../../entra/directory.ts";
import type { Reply } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { read } from "../model.ts";
import { pairs } from "../query/options.ts";
import { type ApiRequest, complexReply, requireMethod } from "../request.ts";
import type { Segment } from "../wire/address.ts";

/** The version of the emulated service (the last one the reference speaks of is 9.2). */
const VERSION = "9.2.25000.100";
const ENGLISH = 1033;

function organizationName(request: ApiRequest): string {
  const table = request.environment.tables.get("organization")!;
  const row = table.byId.get(request.environment.organization);
  return row ? String(read(row, table.columns.get("name")!)) : "sandbox";
}

type Tell = (request: ApiRequest, root: Segment) => Record<string, unknown>;

/** Functions that tell about the environment itself: what each returns, by name. */
const FUNCTIONS: Record<string, Tell> = {
  WhoAmI: ({ environment, actor }) => ({
    BusinessUnitId: environment.businessUnit,
    UserId: actor.user,
    OrganizationId: environment.organization,
  }),
  RetrieveTotalRecordCount: totalRecordCount,
  RetrieveVersion: () => ({ Version: VERSION }),
  RetrieveAvailableLanguages: () => ({ LocaleIds: [ENGLISH] }),
  RetrieveProvisionedLanguages: () => ({ RetrieveProvisionedLanguages: [ENGLISH] }),
  RetrieveCurrentOrganization: currentOrganization,
};

/** The same as the router calls them. */
export const ORGANIZATION_FUNCTIONS: Record<string, (request: ApiRequest, root: Segment) => Reply> = Object.fromEntries(
  Object.entries(FUNCTIONS).map(([name, tell]) => [
    name,
    (request: ApiRequest, root: Segment) => {
      requireMethod(request, "GET");
      return complexReply(request, `${name}Response`, tell(request, root));
    },
  ]),
);

function currentOrganization(request: ApiRequest): Record<string, unknown> {
  const name = organizationName(request);
  const { origin } = request.call;
  return {
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
  };
}

/** `RetrieveTotalRecordCount(EntityNames=['contact'])`, the list also as a parameter alias (section 6). */
function totalRecordCount({ call, environment }: ApiRequest, root: Segment): Record<string, unknown> {
  const given = /^\s*EntityNames\s*=\s*(.+)$/s.exec(root.key ?? "")?.[1]?.trim();
  const names = entityNames(given?.startsWith("@") ? new Map(pairs(call.query)).get(given) : given);
  const counts = names.map((name) => {
    const table = environment.tables.get(name);
    if (!table) throw errors.noSuchProperty(name, "EntityMetadata");
    return table.byId.size;
  });
  return { EntityRecordCountCollection: { Count: names.length, IsReadOnly: false, Keys: names, Values: counts } };
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
