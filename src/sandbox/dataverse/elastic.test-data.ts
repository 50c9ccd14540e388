import { addPublisher, type RawClient } from "../raw-client.test-data.ts";

export const SENSORS = "contoso_sensordatas";
const CRM = "Microsoft.Dynamics.CRM.";

/** The definition of create-elastic-tables.md, without its labels. */
export const SENSOR_TABLE = {
  "@odata.type": `${CRM}EntityMetadata`,
  SchemaName: "contoso_SensorData",
  TableType: "Elastic",
  OwnershipType: "UserOwned",
  CanChangeTrackingBeEnabled: { Value: true, CanBeChanged: true },
  ChangeTrackingEnabled: true,
  CanCreateCharts: { Value: false, CanBeChanged: true },
  Attributes: [
    {
      "@odata.type": `${CRM}StringAttributeMetadata`,
      SchemaName: "contoso_SensorType",
      FormatName: { Value: "Text" },
      IsPrimaryName: true,
      MaxLength: 100,
    },
  ],
};

/** The elastic table of the documentation, with the columns its pages use. */
export async function createSensors(client: RawClient): Promise<void> {
  const columns = [
    { "@odata.type": `${CRM}StringAttributeMetadata`, SchemaName: "contoso_DeviceId", MaxLength: 100 },
    { "@odata.type": `${CRM}IntegerAttributeMetadata`, SchemaName: "contoso_Value" },
    {
      "@odata.type": `${CRM}DateTimeAttributeMetadata`,
      SchemaName: "contoso_Timestamp",
      DateTimeBehavior: { Value: "UserLocal" },
    },
    {
      "@odata.type": `${CRM}StringAttributeMetadata`,
      SchemaName: "contoso_EnergyConsumption",
      FormatName: { Value: "Json" },
      MaxLength: 3500,
    },
  ];
  await addPublisher(client, "contoso");
  const made = await client.api("POST", "EntityDefinitions", SENSOR_TABLE);
  if (made.status !== 204) throw new Error(made.text);
  for (const column of columns) {
    const answer = await client.api("POST", "EntityDefinitions(LogicalName='contoso_sensordata')/Attributes", column);
    if (answer.status !== 204) throw new Error(answer.text);
  }
}
