import { escapeXml } from "../../escape-xml.ts";
import { keysOf } from "../build.ts";
import type { Environment } from "../environment.ts";
import { type Column, isLookup, isProperty, propertyName, type Relation, type Table } from "../model.ts";
import { isPrincipal } from "../query/fields.ts";
import { EDM } from "../records/values.ts";
import { collectionsOf } from "../relationships.ts";
import { metadataTypes } from "./metadata-types.ts";
import { operations } from "./operations.ts";

const VOCABULARIES = [
  "OData.Community.Keys.V1",
  "OData.Community.Display.V1",
  "Org.OData.Core.V1",
  "Org.OData.Capabilities.V1",
];

type Written = { version: number; plain: Buffer | undefined; annotated: Buffer | undefined };
const written = new WeakMap<Environment, Written>();

/** The bytes of `$metadata`, written again when the schema has changed (dataverse.md section 3). */
export function csdl(environment: Environment, annotated: boolean): Buffer {
  let known = written.get(environment);
  if (known?.version !== environment.metadataVersion) {
    known = { version: environment.metadataVersion, plain: undefined, annotated: undefined };
    written.set(environment, known);
  }
  const kind = annotated ? "annotated" : "plain";
  known[kind] ??= Buffer.from(document(environment, annotated));
  return known[kind];
}

function document(environment: Environment, annotated: boolean): string {
  const tables = [...environment.tables.values()];
  const namesOf = (which: (table: Table) => boolean) => tables.filter(which).map((table) => table.name);
  const { elements, imports } = operations(
    namesOf((table) => table.bulk),
    namesOf((table) => table.partition !== undefined),
  );
  const parts = [
    '<?xml version="1.0" encoding="utf-8"?><edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx">',
    ...VOCABULARIES.map(
      (name) =>
        `<edmx:Reference Uri="http://vocabularies.odata.org/${name}.xml"><edmx:Include Namespace="${name}" Alias="${name.split(".").at(-2)}"/><edmx:IncludeAnnotations TermNamespace="${name}"/></edmx:Reference>`,
    ),
    '<edmx:DataServices><Schema Namespace="Microsoft.Dynamics.CRM" Alias="mscrm" xmlns="http://docs.oasis-open.org/odata/ns/edm">',
    '<EntityType Name="crmbaseentity" Abstract="true"/>',
    '<EntityType Name="crmmodelbaseentity" Abstract="true"/>',
    '<EntityType Name="expando" BaseType="mscrm.crmbaseentity" OpenType="true"/>',
    '<EntityType Name="principal" BaseType="mscrm.crmbaseentity"><Key><PropertyRef Name="ownerid"/></Key><Property Name="ownerid" Type="Edm.Guid" Nullable="false"/></EntityType>',
    ...tables.map((table) => entityType(environment, table, annotated)),
    metadataTypes(),
    elements,
    '<EntityContainer Name="System">',
    ...tables.map((table) => entitySet(environment, table, annotated)),
    '<EntitySet Name="EntityDefinitions" EntityType="mscrm.EntityMetadata"/>',
    '<EntitySet Name="RelationshipDefinitions" EntityType="mscrm.RelationshipMetadataBase"/>',
    '<EntitySet Name="GlobalOptionSetDefinitions" EntityType="mscrm.OptionSetMetadataBase"/>',
    imports,
    "</EntityContainer></Schema></edmx:DataServices></edmx:Edmx>",
  ];
  return parts.join("");
}

/** The property that is the key of the table's entity type. */
export function keyOf(table: Table): string {
  return isPrincipal(table) ? "ownerid" : table.idColumn;
}

function entityType(environment: Environment, table: Table, annotated: boolean): string {
  const principal = isPrincipal(table);
  const inherited = principal ? "ownerid" : undefined;
  const names = new Set<string>(inherited === undefined ? [] : [inherited]);
  let inner = principal ? "" : `<Key><PropertyRef Name="${table.idColumn}"/></Key>`;
  for (const column of table.columns.values()) {
    const name = propertyName(column);
    if (!isProperty(column) || names.has(name)) continue;
    names.add(name);
    inner += property(table, column, name, annotated);
  }
  for (const navigation of navigations(environment, table)) {
    if (names.has(navigation.name)) continue;
    names.add(navigation.name);
    inner += navigation.element;
  }
  if (annotated) inner += annotatedKeys(table);
  return `<EntityType Name="${table.name}" BaseType="mscrm.${principal ? "principal" : "crmbaseentity"}">${inner}</EntityType>`;
}

function property(table: Table, column: Column, name: string, annotated: boolean): string {
  const type = EDM[column.kind];
  const facts =
    (name === table.idColumn ? ' Nullable="false"' : "") + (type === "Edm.Decimal" ? ' Scale="Variable"' : "");
  const head = `<Property Name="${name}" Type="${type}"${facts}`;
  if (!annotated) return `${head}/>`;
  const computed = column.create || column.update ? "" : '<Annotation Term="Org.OData.Core.V1.Computed" Bool="true"/>';
  return `${head}><Annotation Term="Org.OData.Core.V1.Description" String="${escapeXml(column.label)}"/>${computed}</Property>`;
}

type Navigation = { name: string; element: string; target: string | undefined };

function navigations(environment: Environment, table: Table): Navigation[] {
  const found: Navigation[] = [];
  for (const relation of table.relations) {
    const column = table.columns.get(relation.column);
    if (!column || !isLookup(column)) continue;
    const target = environment.tables.get(relation.target);
    if (relation.target !== "owner" && !target) continue;
    const type = target?.name ?? "principal";
    const partner = target && partnerOf(environment, target, relation);
    found.push({
      name: relation.navigation,
      target: target?.set,
      element: `<NavigationProperty Name="${relation.navigation}" Type="mscrm.${type}"${partner === undefined ? "" : ` Partner="${partner}"`}><ReferentialConstraint Property="${propertyName(column)}" ReferencedProperty="${target ? keyOf(target) : "ownerid"}"/></NavigationProperty>`,
    });
  }
  for (const collection of collectionsOf(environment, table).values()) {
    const back = collection.kind === "1:N" ? collection.relation.navigation : otherSide(collection.link, table);
    const partner = collection.kind === "1:N" || collection.other !== table ? ` Partner="${back}"` : "";
    found.push({
      name: collection.name,
      target: collection.other.set,
      element: `<NavigationProperty Name="${collection.name}" Type="Collection(mscrm.${collection.other.name})"${partner}/>`,
    });
  }
  return found;
}

/** The collection on the other side, when it is this relationship's and no namesake's. */
function partnerOf(environment: Environment, target: Table, relation: Relation): string | undefined {
  const name = relation.collection ?? relation.schema;
  const back = collectionsOf(environment, target).get(name);
  return back?.kind === "1:N" && back.relation === relation ? name : undefined;
}

function otherSide(link: { first: string; firstNavigation: string; secondNavigation: string }, table: Table): string {
  return link.first === table.name ? link.secondNavigation : link.firstNavigation;
}

function entitySet(environment: Environment, table: Table, annotated: boolean): string {
  let inner = "";
  const names = new Set<string>();
  for (const { name, target } of navigations(environment, table)) {
    if (target === undefined || names.has(name)) continue;
    names.add(name);
    inner += `<NavigationPropertyBinding Path="${name}" Target="${target}"/>`;
  }
  if (annotated && table.tracking) {
    inner +=
      '<Annotation Term="Org.OData.Capabilities.V1.ChangeTracking"><Record><PropertyValue Property="Supported" Bool="true"/></Record></Annotation>';
  }
  return `<EntitySet Name="${table.set}" EntityType="mscrm.${table.name}">${inner}</EntitySet>`;
}

/** Alternate keys, as the vocabulary OData.Community.Keys.V1 tells them. */
function annotatedKeys(table: Table): string {
  if (keysOf(table).length === 0) return "";
  const keys = keysOf(table).map((key) => {
    const columns = key.columns.map(
      (column) =>
        `<Record Type="OData.Community.Keys.V1.PropertyRef"><PropertyValue Property="Alias" String="${propertyName(column)}"/><PropertyValue Property="Name" PropertyPath="${propertyName(column)}"/></Record>`,
    );
    return `<Record Type="OData.Community.Keys.V1.AlternateKey"><PropertyValue Property="Key"><Collection>${columns.join("")}</Collection></PropertyValue></Record>`;
  });
  return `<Annotation Term="OData.Community.Keys.V1.AlternateKeys"><Collection>${keys.join("")}</Collection></Annotation>`;
}
