import type { Connector } from "../core/connector.ts";

/**
 * A connector whose process dies as soon as it reads back what it has written, so that nothing of its run is folded. States
 * alone are read in between.
 */
export function dying(connector: Connector): Connector {
  let written = false;
  return {
    ...connector,
    open(config, io) {
      const session = connector.open(config, io);
      return {
        ...session,
        write(...request) {
          written = true;
          return session.write!(...request);
        },
        read(...request) {
          if (written && request[1].columns.join() !== "statecode") throw new Error("dead");
          return session.read!(...request);
        },
      };
    },
  };
}
