/** A label in English, as definitions carry it. */
export const label = (text: string) => ({ LocalizedLabels: [{ Label: text, LanguageCode: 1033 }] });

/** The definition of a text column, with whatever else is said of it. */
export const text = (name: string, more: object = {}) => ({
  "@odata.type": "Microsoft.Dynamics.CRM.StringAttributeMetadata",
  SchemaName: name,
  MaxLength: 100,
  ...more,
});
