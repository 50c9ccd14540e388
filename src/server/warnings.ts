import type { CallOptions } from "../api/index.ts";
import type { Project } from "./project/project.ts";

/** Tells what somebody should see to soon about the connections named: an expiring secret, say. */
export function tellWarnings(project: Project, names: Iterable<string>, { onEvent }: CallOptions): void {
  for (const connection of new Set(names)) {
    const { connector, config } = project.connections.get(connection)!;
    for (const message of connector.warnings?.(config, Date.now()) ?? [])
      onEvent?.({ type: "warning", connection, message });
  }
}
