import { expect, test } from "vitest";
import { useSandbox } from "../../raw-client.test-data.ts";

// UpdateAttributeRequest.MergeLabels, create-update-optionsets.md, and dataverse.md section 3.
const client = useSandbox();
const CRM = "Microsoft.Dynamics.CRM";
const words = (texts: Record<number, string>) => ({
  LocalizedLabels: Object.entries(texts).map(([code, Label]) => ({ Label, LanguageCode: Number(code) })),
});
type Shown = {
  LocalizedLabels: { Label: string; LanguageCode: number }[];
  UserLocalizedLabel: { Label: string } | null;
};
const told = ({ LocalizedLabels, UserLocalizedLabel }: Shown) => ({
  all: Object.fromEntries(LocalizedLabels.map((each) => [each.LanguageCode, each.Label])),
  user: UserLocalizedLabel?.Label,
});

const contact = "EntityDefinitions(LogicalName='contact')";
const column = `${contact}/Attributes(LogicalName='new_colour')`;
const colour = (name: object) => ({
  "@odata.type": `${CRM}.PicklistAttributeMetadata`,
  SchemaName: "new_Colour",
  DisplayName: name,
  OptionSet: {
    Options: [
      { Value: 1, Label: words({ 1033: "Red", 1031: "Rot", 1036: "Rouge" }) },
      { Value: 2, Label: words({ 1033: "Blue" }) },
    ],
  },
});
const make = () => client.api("POST", `${contact}/Attributes`, colour(words({ 1033: "Colour", 1031: "Farbe" })));
const name = async () => told((await client.api("GET", `${column}?$select=DisplayName`)).json.DisplayName);
const options = async () =>
  (await client.api("GET", `${column}/${CRM}.PicklistAttributeMetadata/OptionSet?$select=Options`)).json.Options.map(
    (each: { Label: Shown }) => told(each.Label),
  );

test("labels are kept in every language; the user's is English", async () => {
  expect((await make()).status).toBe(204);
  expect(await name()).toEqual({ all: { 1033: "Colour", 1031: "Farbe" }, user: "Colour" });
  expect(await options()).toEqual([
    { all: { 1033: "Red", 1031: "Rot", 1036: "Rouge" }, user: "Red" },
    { all: { 1033: "Blue" }, user: "Blue" },
  ]);
});

test("an update replaces the labels of all languages unless labels are merged", async () => {
  await make();
  const put = (label: object, headers = {}) => client.api("PUT", column, { DisplayName: label }, headers);
  await put(words({ 1036: "Couleur" }), { "MSCRM.MergeLabels": "true" });
  expect(await name()).toEqual({ all: { 1033: "Colour", 1031: "Farbe", 1036: "Couleur" }, user: "Colour" });
  await client.api("PUT", column, {});
  expect((await name()).all).toHaveProperty("1036");
  await put(words({ 1033: "Paint" }));
  expect(await name()).toEqual({ all: { 1033: "Paint" }, user: "Paint" });
});

test("UpdateOptionValue merges as MergeLabels says", async () => {
  await make();
  const update = (Label: object, MergeLabels: boolean) =>
    client.api("POST", "UpdateOptionValue", {
      EntityLogicalName: "contact",
      AttributeLogicalName: "new_colour",
      Value: 1,
      Label,
      MergeLabels,
    });
  await update(words({ 1031: "Tiefrot" }), true);
  expect((await options())[0]).toEqual({ all: { 1033: "Red", 1031: "Tiefrot", 1036: "Rouge" }, user: "Red" });
  await update(words({ 1033: "Crimson" }), false);
  expect((await options())[0]).toEqual({ all: { 1033: "Crimson" }, user: "Crimson" });
});
