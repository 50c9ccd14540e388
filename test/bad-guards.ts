import { join } from "node:path";
import { DuckDBInstance } from "@duckdb/node-api";
import type { GuardCode } from "../src/core/guards.ts";
import { standardFiles } from "./make-project.ts";
import { type Case, firmsBecome } from "./situation.ts";

const eleven = Array.from({ length: 11 }, (_, n) => n + 1);

/** A case for each guard: part of `bad-input.test.ts`. */
export const guardCases: Record<GuardCode, Case> = {
  source_empty: {
    args: ["run", "firms"],
    before: firmsBecome("no,title\n"),
    says: "firms",
  },
  audience_empty: {
    args: ["run", "firms"],
    files: {
      "audiences/ours.yaml": "model: firms\nwhere: title = 'First'\n",
      "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}audiences:\n  ours: tickersymbol\n`,
    },
    before: firmsBecome("no,title\nF1,Premier\n"),
    at: "audiences/ours.yaml",
    says: "The audience ours came back empty, though it had 1 row",
  },
  too_many_leaves: {
    args: ["run", "firms"],
    files: {
      "data/firms.csv": "no,title\nF1,First\nF2,Second\n",
      "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}onLeave: clear\nleaveLimit: 10 %\n`,
    },
    before: firmsBecome("no,title\nF1,First\n"),
    at: "syncs/firms.yaml:9",
    says: "1 of 2 known rows would leave (1 cleared); this sync lets 0 leave in one run",
  },
  too_many_deletes: {
    args: ["run", "firms"],
    files: {
      "data/firms.csv": "no,title\nF1,First\nF2,Second\n",
      "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}onLeave: delete\nallowDelete: true\ndeleteLimit: 0\nleaveLimit: 1\n`,
    },
    before: firmsBecome("no,title\nF1,First\n"),
    at: "syncs/firms.yaml:10",
    says: "1 record of 2 known rows would be deleted; this sync lets 0 be deleted",
  },
  too_many_changes: {
    args: ["run", "firms"],
    files: { "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}changeLimit: 50 %\n` },
    before: firmsBecome("no,title\nF1,Premier\n"),
    at: "syncs/firms.yaml:8",
    says: "1 of 1 record would be changed; this sync lets 0 be changed",
  },
  first_contact: {
    args: ["run", "firms"],
    files: { "data/firms.csv": `no,title\n${eleven.map((n) => `F${n},Ours\n`).join("")}` },
    async before({ control }) {
      const rows = eleven.map((n) => ({ accountnumber: `F${n}`, name: "Theirs" }));
      await control("POST", "seed", { table: "account", rows });
      await control("POST", "requests/clear");
      return undefined;
    },
    at: "syncs/firms.yaml:1",
    says: "11 records that were there already are met for the first time, and 11 of them would be changed",
  },
  request_budget: {
    args: ["run", "firms"],
    files: { "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}requestLimit: 1\n` },
    at: "syncs/firms.yaml:8",
    says: "this sync lets 1 pass",
  },
  undone: {
    args: ["run", "firms"],
    async before({ loadFirms, state }) {
      await loadFirms();
      const mark = JSON.stringify({ run: "20260101-000000-x", at: "2026-01-01T00:00:00Z", by: "Ana" });
      const database = await DuckDBInstance.create(join(state, "default", "firms", "rows.duckdb"));
      const connection = await database.connect();
      await connection.run(`INSERT INTO meta VALUES ('undone', '${mark}')`);
      connection.closeSync();
      database.closeSync();
      return undefined;
    },
    at: "syncs/firms.yaml:1",
    says: "Run 20260101-000000-x was undone by Ana on 2026-01-01T00:00:00Z",
  },
};
