import { expect, test } from "vitest";
import { useDynamicsWebApi } from "./dynamics-web-api.ts";

// The client's metadata calls (dynamics-web-api, README "Work with Table Definitions" and following; section 3).

const client = useDynamicsWebApi();
const label = (text: string) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.Label",
  LocalizedLabels: [{ "@odata.type": "Microsoft.Dynamics.CRM.LocalizedLabel", Label: text, LanguageCode: 1033 }],
});

function bankAccount() {
  return {
    "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
    SchemaName: "new_BankAccount",
    DisplayName: label("Bank Account"),
    DisplayCollectionName: label("Bank Accounts"),
    Description: label("A table of accounts at a bank"),
    HasActivities: false,
    HasNotes: false,
    IsActivity: false,
    OwnershipType: "UserOwned",
    Attributes: [
      {
        "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
        AttributeType: "String",
        AttributeTypeName: { Value: "StringType" },
        SchemaName: "new_AccountName",
        IsPrimaryName: true,
        RequiredLevel: { Value: "None", CanBeChanged: true },
        FormatName: { Value: "Text" },
        MaxLength: 100,
        DisplayName: label("Account Name"),
      },
    ],
  };
}

test("a table is created, read, changed, and then holds rows", async () => {
  const { api } = client;
  await api.createEntity({ data: bankAccount() });
  const table = await api.retrieveEntity({
    key: "LogicalName='new_bankaccount'",
    select: ["EntitySetName", "SchemaName"],
  });
  expect(table).toMatchObject({ EntitySetName: "new_bankaccounts", SchemaName: "new_BankAccount" });
  const whole = await api.retrieveEntity({ key: table.MetadataId });
  await api.updateEntity({ data: { ...whole, DisplayName: label("Bank Business") }, mergeLabels: true } as never);
  const again = await api.retrieveEntity({ key: table.MetadataId, select: ["DisplayName"] });
  expect(again.DisplayName.UserLocalizedLabel.Label).toBe("Bank Business");
  const id = await api.create<Record<string, unknown>, string>({
    collection: "new_bankaccounts",
    data: { new_accountname: "Savings" },
  });
  expect(await api.retrieve({ collection: "new_bankaccounts", key: id })).toMatchObject({ new_accountname: "Savings" });
  const { value } = await api.retrieveEntities({ select: ["LogicalName"], filter: "SchemaName eq 'new_BankAccount'" });
  expect(value).toMatchObject([{ LogicalName: "new_bankaccount" }]);
});

test("columns are created, read through a cast, and changed", async () => {
  const { api } = client;
  const entityKey = "LogicalName='contact'";
  await api.createAttribute({
    entityKey,
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.MoneyAttributeMetadata",
      SchemaName: "new_Balance",
      DisplayName: label("Balance"),
      PrecisionSource: 2,
    } as never,
  });
  const castType = "Microsoft.Dynamics.CRM.MoneyAttributeMetadata" as const;
  const column = await api.retrieveAttribute({
    entityKey,
    attributeKey: "LogicalName='new_balance'",
    castType,
    select: ["SchemaName", "PrecisionSource"],
  } as never);
  expect(column).toMatchObject({ SchemaName: "new_Balance", PrecisionSource: 2 });
  const { value } = await api.retrieveAttributes({ entityKey, castType, select: ["LogicalName"] } as never);
  expect(value.map((each) => each.LogicalName)).toContain("new_balance");
  const whole = await api.retrieveAttribute({
    entityKey,
    attributeKey: "LogicalName='new_balance'",
    castType,
  } as never);
  await api.updateAttribute({ entityKey, data: { ...whole, DisplayName: label("Saldo") }, castType } as never);
  const after = await api.retrieveAttribute({ entityKey, attributeKey: "LogicalName='new_balance'" } as never);
  expect(after.DisplayName.UserLocalizedLabel.Label).toBe("Saldo");
});

test("a relationship is created, read and deleted", async () => {
  const { api } = client;
  await api.createEntity({ data: bankAccount() });
  await api.createRelationship({
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.OneToManyRelationshipMetadata",
      SchemaName: "new_contact_bankaccount",
      ReferencedEntity: "contact",
      ReferencedAttribute: "contactid",
      ReferencingEntity: "new_bankaccount",
      CascadeConfiguration: { Delete: "RemoveLink", Assign: "NoCascade", Share: "NoCascade", Unshare: "NoCascade" },
      Lookup: {
        "@odata.type": "Microsoft.Dynamics.CRM.LookupAttributeMetadata",
        AttributeType: "Lookup",
        AttributeTypeName: { Value: "LookupType" },
        SchemaName: "new_ContactId",
        DisplayName: label("Contact"),
      },
    } as never,
  });
  const contact = await api.create<Record<string, unknown>, string>({
    collection: "contacts",
    data: { lastname: "A" },
  });
  const data = { new_accountname: "Savings", "new_ContactId@odata.bind": `/contacts(${contact})` };
  const id = await api.create<Record<string, unknown>, string>({ collection: "new_bankaccounts", data });
  const row = await api.retrieve({ collection: "new_bankaccounts", key: id, select: ["_new_contactid_value"] });
  expect(row).toMatchObject({ _new_contactid_value: contact });
  const { value } = await api.retrieveRelationships({ filter: "SchemaName eq 'new_contact_bankaccount'" });
  expect(value).toHaveLength(1);
  const one = await api.retrieveRelationship({ key: value[0].MetadataId });
  expect(one.SchemaName).toBe("new_contact_bankaccount");
  await api.deleteRelationship({ key: value[0].MetadataId });
  expect((await api.retrieveRelationships({ filter: "SchemaName eq 'new_contact_bankaccount'" })).value).toEqual([]);
});

test("a global option set is created, read, changed and deleted", async () => {
  const { api } = client;
  await api.createGlobalOptionSet({
    data: {
      "@odata.type": "Microsoft.Dynamics.CRM.OptionSetMetadata",
      Name: "new_colours",
      DisplayName: label("Colours"),
      IsGlobal: true,
      OptionSetType: "Picklist",
      Options: [
        { Value: 100000000, Label: label("Red") },
        { Value: 100000001, Label: label("Green") },
      ],
    },
  } as never);
  const key = "Name='new_colours'";
  const castType = "Microsoft.Dynamics.CRM.OptionSetMetadata" as const;
  const set = await api.retrieveGlobalOptionSet({ key, castType });
  expect(set.Options.map((option: { Value: number }) => option.Value)).toEqual([100000000, 100000001]);
  await api.updateGlobalOptionSet({ data: { ...set, DisplayName: label("Farben") } } as never);
  expect((await api.retrieveGlobalOptionSets({ select: ["Name"] })).value).toContainEqual(
    expect.objectContaining({ Name: "new_colours" }),
  );
  await api.deleteGlobalOptionSet({ key: set.MetadataId });
  await expect(api.retrieveGlobalOptionSet({ key })).rejects.toMatchObject({ status: 404 });
});

test("the CSDL document", async () => {
  const xml = await client.api.retrieveCsdlMetadata();
  expect(xml).toContain('Namespace="Microsoft.Dynamics.CRM"');
  expect(xml).toContain('EntitySet Name="contacts"');
  expect(await client.api.retrieveCsdlMetadata({ addAnnotations: true })).toContain("ChangeTracking");
});
