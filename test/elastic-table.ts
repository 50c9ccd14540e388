import { accessToken } from "./access-token.ts";

const text = { "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata", MaxLength: 100 };
const label = { LocalizedLabels: [{ Label: "Stream", LanguageCode: 1033 }] };

/** Makes the elastic table `new_stream` in a sandbox; gives the status of the answer. */
export async function makeElasticTable(sandbox: { origin: string; env: Record<string, string> }): Promise<number> {
  const answer = await fetch(`${sandbox.origin}/api/data/v9.2/EntityDefinitions`, {
    method: "POST",
    headers: { authorization: `Bearer ${await accessToken(sandbox.env)}`, "content-type": "application/json" },
    body: JSON.stringify({
      "@odata.type": "Microsoft.Dynamics.CRM.EntityMetadata",
      SchemaName: "new_Stream",
      DisplayName: label,
      DisplayCollectionName: label,
      OwnershipType: "UserOwned",
      TableType: "Elastic",
      Attributes: [{ ...text, SchemaName: "new_Name", IsPrimaryName: true }],
    }),
  });
  return answer.status;
}
