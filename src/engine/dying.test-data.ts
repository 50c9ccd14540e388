import type { Connector } from "../core/connector.ts";

/** A connector whose process dies as soon as it reads after it has written, so that nothing of its run is folded. */
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
          if (written) throw new Error("dead");
          return session.read!(...request);
        },
      };
    },
  };
}
