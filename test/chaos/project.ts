import { standardFiles } from "../make-project.ts";
import type { OnLeave } from "./expected.ts";

/** What the histories of a project may differ in. */
export type Policies = { onLeave: OnLeave; keyed: boolean; mirror: "auto" | "touched" };

/** People and their firms, a marketing list of the VIPs, and a text column that tells who wants quiet. */
export function projectFiles({ onLeave, mirror }: Policies): Record<string, string> {
  const people = {
    model: "people",
    to: "crm",
    object: "contact",
    match: "externaluseridentifier",
    onLeave,
    allowDelete: onLeave === "delete",
    mirror,
    leaveLimit: "50 %",
    changeLimit: "100 %",
    mapping: {
      externaluseridentifier: "id",
      lastname: "name",
      emailaddress1: "email",
      creditlimit: "limit",
      parentcustomerid: { from: "firm", lookup: { object: "account", by: "accountnumber" } },
    },
    audiences: { vip: { list: "VIP" }, quiet: "department" },
  };
  return {
    ...standardFiles,
    "syncs/people.yaml": JSON.stringify(people),
    "syncs/firms.yaml": `${standardFiles["syncs/firms.yaml"]}changeLimit: 100 %\n`,
    "audiences/vip.yaml": "model: people\nwhere: vip = 'yes'\n",
    "audiences/quiet.yaml": "model: people\nwhere: quiet = 'yes'\n",
  };
}
