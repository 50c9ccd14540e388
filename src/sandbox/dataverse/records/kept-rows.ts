import {
  ACTIVE_SOLUTION,
  CDS_PUBLISHER,
  CDS_SOLUTION,
  DEFAULT_PUBLISHER,
  DEFAULT_SOLUTION,
  DELIVERED_ROLES,
  roleId,
  SYSTEM_ADMINISTRATOR,
  SYSTEM_USER,
} from "../delivered-ids.ts";
import type { Environment } from "../environment.ts";
import { errors, type ODataError } from "../errors.ts";
import type { Table } from "../model.ts";
import { idOf, type Row } from "../row.ts";

const SYSTEM_CUSTOMIZER = roleId("System Customizer");
const ROLES = new Set(DELIVERED_ROLES.map(roleId));
const SOLUTIONS = new Set([DEFAULT_SOLUTION, ACTIVE_SOLUTION, CDS_SOLUTION]);
const PUBLISHERS = new Set([DEFAULT_PUBLISHER, CDS_PUBLISHER]);

/**
 * What stands against deleting a row that an environment cannot be without; undefined for every other row. Codes are
 * those of web-service-error-codes.md; that a business unit must be disabled first is how the root one stays
 * (businessunit-entity.md: it cannot be deleted).
 */
export function keptRow(environment: Environment, table: Table, id: string): ODataError | undefined {
  switch (table.name) {
    case "organization":
      return errors.noSuchMessage("Delete", table.name);
    case "businessunit":
      return id === environment.businessUnit ? errors.unitNotDisabled() : undefined;
    case "transactioncurrency":
      return id === environment.currency ? errors.baseCurrency() : undefined;
    case "publisher":
      return PUBLISHERS.has(id) ? errors.restrictedPublisher() : undefined;
    case "solution":
      return SOLUTIONS.has(id) ? errors.restrictedSolution() : undefined;
    case "systemuser":
      if (id === SYSTEM_USER) return errors.specialUser();
      return id === environment.appUser ? errors.readOnlyTable(table.name) : undefined;
    case "role":
      if (id === SYSTEM_ADMINISTRATOR) return errors.deleteAdministrator();
      if (id === SYSTEM_CUSTOMIZER) return errors.deleteCustomizer();
      return ROLES.has(id) ? errors.readOnlyTable(table.name) : undefined;
    default:
      return undefined;
  }
}

/** Throws 0x80041d31 for the administrator's role: nobody may lock everybody out. */
export function refuseAdministrator(role: Row): void {
  if (idOf(role) === SYSTEM_ADMINISTRATOR) throw errors.modifyAdministrator();
}
