import { CHANGES } from "../limits/figures.ts";
import { bodyOf, type ControlOperations } from "./operation.ts";

/** The limits in force and what is used of them. */
export const LIMITS: ControlOperations = {
  "GET limits": {
    does: "The limits in force, what each user has used of them at each web server, and of the daily entitlement",
    source: "dataverse.md section 9",
    handle: ({ limits }) => limits.show(),
  },
  "POST limits": {
    does: "Changes figures of the limits, or the whole profile, while the sandbox runs",
    source: "dataverse.md section 9",
    handle: ({ limits }, request) => limits.change(bodyOf(request, CHANGES)),
  },
};
