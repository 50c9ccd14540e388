// @ts-expect-error the package has no declarations
import { xml2json } from "odata-csdl";
import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";
import { BUILT } from "../routes/router.ts";

// Everything here: dataverse.md section 3 and web-api-service-documents.md.
const client = useSandbox();

// biome-ignore lint/suspicious/noExplicitAny: CSDL JSON has every shape
type Json = any;

async function read(query = ""): Promise<{ text: string; schema: Json }> {
  const answer = await client.api("GET", `$metadata${query}`);
  expect(answer.status).toBe(200);
  expect(answer.headers["content-type"]).toBe("application/xml");
  return { text: answer.text, schema: xml2json(answer.text)["Microsoft.Dynamics.CRM"] };
}

/** Every name the document refers to that it does not declare. */
function unresolved(schema: Json): string[] {
  const wrong: string[] = [];
  const typeKnown = (type: string | undefined) =>
    type === undefined || type.startsWith("Edm.") || type.replace(/^(mscrm|Microsoft\.Dynamics\.CRM)\./, "") in schema;
  const inherited = (name: string): Json => {
    const type = schema[name];
    const base = type.$BaseType?.replace(/^(mscrm|Microsoft\.Dynamics\.CRM)\./, "");
    return base === undefined ? type : { ...inherited(base), ...type };
  };
  for (const [name, type] of Object.entries<Json>(schema)) {
    if (!["EntityType", "ComplexType"].includes(type?.$Kind)) continue;
    if (!typeKnown(type.$BaseType)) wrong.push(`${name} : ${type.$BaseType}`);
    const all = inherited(name);
    if (type.$Kind === "EntityType" && !all.$Abstract && name !== "expando") {
      for (const key of all.$Key ?? ["no key"]) if (!(key in all)) wrong.push(`${name} key ${key}`);
    }
    for (const [member, facts] of Object.entries<Json>(type)) {
      if (member.startsWith("$") || member.startsWith("@")) continue;
      if (!typeKnown(facts.$Type)) wrong.push(`${name}/${member} : ${facts.$Type}`);
      if (facts.$Kind !== "NavigationProperty") continue;
      const target = inherited(facts.$Type.replace(/^(mscrm|Microsoft\.Dynamics\.CRM)\./, ""));
      if (facts.$Partner !== undefined && target[facts.$Partner]?.$Kind !== "NavigationProperty") {
        wrong.push(`${name}/${member} partner ${facts.$Partner}`);
      }
      for (const [mine, theirs] of Object.entries<Json>(facts.$ReferentialConstraint ?? {})) {
        if (!(mine in all) || !(theirs in target)) wrong.push(`${name}/${member} constraint ${mine} = ${theirs}`);
      }
    }
  }
  for (const [name, member] of Object.entries<Json>(schema.System)) {
    if (name.startsWith("$") || name.startsWith("@")) continue;
    if (member.$Type !== undefined && !typeKnown(member.$Type)) wrong.push(`${name} : ${member.$Type}`);
    for (const operation of [member.$Action, member.$Function]) if (!typeKnown(operation)) wrong.push(operation);
    for (const [path, target] of Object.entries<Json>(member.$NavigationPropertyBinding ?? {})) {
      const type = inherited(member.$Type.replace(/^(mscrm|Microsoft\.Dynamics\.CRM)\./, ""));
      if (!(target in schema.System) || type[path]?.$Kind !== "NavigationProperty") wrong.push(`${name} ${path}`);
    }
  }
  return wrong;
}

test("$metadata: validates, and every type, partner, constraint and binding resolves", async () => {
  const { schema } = await read();
  expect(schema.$Alias).toBe("mscrm");
  expect(unresolved(schema)).toEqual([]);
  expect(schema.contact.$BaseType).toMatch(/crmbaseentity$/);
  expect(schema.contact.$Key).toEqual(["contactid"]);
  expect(schema.contact.birthdate.$Type).toBe("Edm.Date");
  expect(schema.contact._parentcustomerid_value.$Type).toBe("Edm.Guid");
  expect(schema.contact).not.toHaveProperty("owneridname");
  expect(schema.contact.parentcustomerid_account).toMatchObject({ $Partner: "contact_customer_accounts" });
  expect(schema.systemuser.$BaseType).toMatch(/principal$/);
  expect(schema.System.contacts.$Type).toMatch(/contact$/);
  expect(schema.CreateMultiple.length).toBeGreaterThan(3);
});

test("$metadata: annotations tell change tracking and alternate keys; both forms validate after changes", async () => {
  const label = { LocalizedLabels: [{ Label: 'A "quoted" <label> & more', LanguageCode: 1033 }] };
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Attributes", {
    "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
    SchemaName: "new_No",
    DisplayName: label,
  });
  await client.api("POST", "EntityDefinitions(LogicalName='contact')/Keys", {
    SchemaName: "new_NoKey",
    KeyAttributes: ["new_no"],
  });
  const { schema, text } = await read("?annotations=true");
  expect(unresolved(schema)).toEqual([]);
  expect(schema.contact.new_no["@Org.OData.Core.V1.Description"] ?? schema.contact.new_no["@Core.Description"]).toBe(
    'A "quoted" <label> & more',
  );
  expect(/EntitySet Name="contacts"[^§]*?Org\.OData\.Capabilities\.V1\.ChangeTracking/.test(text)).toBe(true);
  expect(text.includes("OData.Community.Keys.V1.AlternateKeys")).toBe(true);
  const plain = await client.api("GET", "$metadata");
  expect(plain.text.includes("V1.ChangeTracking")).toBe(false);
  expect(plain.text).toContain('"new_no"');
});

test("$metadata: declares every function and action that is answered, and no other", async () => {
  const elastic = { SchemaName: "new_Sensor", TableType: "Elastic", OwnershipType: "UserOwned", HasActivities: false };
  const label = (text: string) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });
  const name = { SchemaName: "new_Name", IsPrimaryName: true, MaxLength: 100, DisplayName: label("Name") };
  const made = await client.api("POST", "EntityDefinitions", {
    ...elastic,
    DisplayName: label("Sensor"),
    DisplayCollectionName: label("Sensors"),
    HasNotes: false,
    Attributes: [{ "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", ...name }],
  });
  expect(made.status).toBe(204);
  const { schema } = await read();
  expect(unresolved(schema)).toEqual([]);
  const isOperation = (each: Json) => Array.isArray(each) && ["Action", "Function"].includes(each[0]?.$Kind);
  const declared = Object.keys(schema).filter((each) => isOperation(schema[each]));
  const roots = ["$metadata", "EntityDefinitions", "RelationshipDefinitions", "GlobalOptionSetDefinitions"];
  expect(declared.sort()).toEqual([...BUILT].filter((each) => !roots.includes(each)).sort());
});

test("$metadata: only GET, and nothing below it", async () => {
  expect((await client.api("POST", "$metadata", {})).status).toBe(405);
  expect((await client.api("GET", "$metadata/contacts")).status).toBe(404);
});
