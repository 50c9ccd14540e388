import { z } from "zod";
import { bodyOf, type Controlled, type ControlOperations, Refused, type Snapshot } from "./operation.ts";

const MOST = 20;
const NAMED = z.strictObject({
  name: z.string().regex(/^[\w .-]{1,100}$/, "letters, digits, blanks, '.', '-' and '_'"),
});

export const SNAPSHOTS: ControlOperations = {
  "GET snapshots": {
    does: "The snapshots there are",
    handle: ({ snapshots }) => ({ snapshots: [...snapshots.values()].map(shown) }),
  },
  "POST snapshots": {
    does: "Keeps the present state under a name: rows, schema, plug-ins, privileges, directory and clock; a snapshot of that name is replaced",
    handle(controlled, request) {
      const { name } = bodyOf(request, NAMED);
      const { snapshots, clock } = controlled;
      if (!snapshots.has(name) && snapshots.size >= MOST) throw new Refused(`there are ${MOST} snapshots, the most`);
      let rows = 0;
      for (const table of controlled.environment().tables.values()) rows += table.byId.size;
      const snapshot = { name, taken: new Date(clock.now()).toISOString(), rows, restore: controlled.save() };
      snapshots.set(name, snapshot);
      return shown(snapshot);
    },
  },
  "POST snapshots/{name}/restore": {
    does: "Goes back to a snapshot; it stays, and can be gone back to again",
    handle: (controlled, { parameters }) => named(controlled, parameters.name!).restore(),
  },
  "DELETE snapshots/{name}": {
    does: "Forgets a snapshot",
    handle(controlled, { parameters }) {
      controlled.snapshots.delete(named(controlled, parameters.name!).name);
    },
  },
};

function named({ snapshots }: Controlled, name: string): Snapshot {
  const snapshot = snapshots.get(name);
  if (!snapshot) throw new Refused(`there is no snapshot '${name}'; there are: ${[...snapshots.keys()].join(", ")}`);
  return snapshot;
}

function shown({ name, taken, rows }: Snapshot): Omit<Snapshot, "restore"> {
  return { name, taken, rows };
}
