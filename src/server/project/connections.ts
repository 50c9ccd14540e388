import type { Connector } from "../../core/connector.ts";
import type { SluiceError } from "../../core/errors.ts";
import { didYouMean } from "../../core/nearest.ts";
import { connectionFile, type ProjectFile } from "../../core/project.ts";
import type { Path, ProjectDocument } from "./document.ts";
import { faultAt, findings } from "./faults.ts";
import type { Folder } from "./folder.ts";
import type { Connection, ConnectorSource } from "./project.ts";
import { fillVariables, type MissingVariable, type Variables } from "./variables.ts";

/** A connection's settings in one environment, and which file each of them comes from. */
type Settings = { values: Record<string, unknown>; at(path: Path): { document: ProjectDocument; path: Path } };

/** Every connection, with the environment's settings over its own, variables filled in, checked by its connector. */
export async function loadConnections(
  folder: Folder,
  root: ProjectFile | null,
  environment: string,
  connectors: ConnectorSource,
  variables: Variables,
  problems: SluiceError[],
): Promise<Map<string, Connection>> {
  const connections = new Map<string, Connection>();
  for (const [name, document] of folder.files.connections) {
    if (!document) continue;
    const shape = connectionFile.safeParse(document.value);
    if (!shape.success) {
      for (const finding of findings(connectionFile, document.value, shape.error.issues, true))
        problems.push(faultAt(document, finding.path, finding.message));
      continue;
    }
    const settings = overlay(name, document, shape.data, root, folder.root, environment);
    const { value, missing } = fillVariables(settings.values, variables);
    const { type, ...own } = value as Record<string, unknown> & { type: string };
    const connector = missing.length === 0 ? await connectors.load(type) : null;
    problems.push(...missing.map((one) => variableFault(one, settings)));
    if (missing.length > 0) continue;
    if (!connector) problems.push(typeFault(type, settings, connectors.types()));
    else check(name, connector, own, settings, connections, problems);
  }
  return connections;
}

function overlay(
  name: string,
  document: ProjectDocument,
  own: Record<string, unknown>,
  root: ProjectFile | null,
  rootDocument: ProjectDocument | null,
  environment: string,
): Settings {
  const replaced = root?.environments[environment]?.connections[name] ?? {};
  return {
    values: { ...own, ...replaced },
    at: (path) =>
      rootDocument && path.length > 0 && Object.hasOwn(replaced, path[0]!)
        ? { document: rootDocument, path: ["environments", environment, "connections", name, ...path] }
        : { document, path },
  };
}

function check(
  name: string,
  connector: Connector,
  own: Record<string, unknown>,
  settings: Settings,
  connections: Map<string, Connection>,
  problems: SluiceError[],
): void {
  const result = connector.config.safeParse(own);
  if (result.success) {
    connections.set(name, { name, connector, config: result.data });
    return;
  }
  for (const finding of findings(connector.config, own, result.error.issues, true)) {
    const { document, path } = settings.at(finding.path);
    problems.push(faultAt(document, path, `${connector.title}: ${finding.message}`));
  }
}

function variableFault({ path, name, text }: MissingVariable, settings: Settings): SluiceError {
  const at = settings.at(path);
  if (name === undefined) {
    const message = `\`${text}\` is not a variable: \${NAME} takes letters, digits and _ only.`;
    return faultAt(at.document, at.path, message, "yaml_invalid", "Correct it, or write $${ for a plain ${.");
  }
  const message = `\${${name}} is used here, but the environment variable ${name} is not set.`;
  return faultAt(at.document, at.path, message, "variable_missing", `Set ${name} before you start Sluice.`);
}

function typeFault(type: string, settings: Settings, types: string[]): SluiceError {
  const { document, path } = settings.at(["type"]);
  const offer = didYouMean(type, types) || `; there are ${types.join(", ")}.`;
  return faultAt(document, path, `There is no connector \`${type}\`${offer}`, "unknown_name");
}
