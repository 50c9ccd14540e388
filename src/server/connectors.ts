import { existsSync, readdirSync } from "node:fs";
import { fileURLToPath } from "node:url";
import type { Connector } from "../core/connector.ts";

const home = new URL("../connectors/", import.meta.url);

/** The ids of all connectors: a connector is found by its folder, there is no list to keep. */
export function connectorTypes(): string[] {
  if (!existsSync(home)) return [];
  return readdirSync(home, { withFileTypes: true })
    .filter((entry) => entry.isDirectory() && existsSync(new URL(`${entry.name}/index.ts`, home)))
    .map((entry) => entry.name)
    .sort();
}

/** The connector whose folder is `type`, null when there is none. Its front door exports it as `connector`. */
export async function loadConnector(type: string): Promise<Connector | null> {
  if (!connectorTypes().includes(type)) return null;
  const door = fileURLToPath(new URL(`${type}/index.ts`, home));
  const module = (await import(door)) as Record<string, Connector | undefined>;
  return module.connector ?? module[type] ?? null;
}
