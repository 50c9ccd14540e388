import { namedGuid } from "./guids.ts";

/** Ids that are the same in every environment of Dataverse. */
export const DEFAULT_SOLUTION = "fd140aaf-4df4-11dd-bd17-0019b9312238";
export const ACTIVE_SOLUTION = "fd140aae-4df4-11dd-bd17-0019b9312238";
export const DEFAULT_PUBLISHER = "d21aab71-79e7-11dd-8874-00188b01e34f";

/** Ids that are the same in every sandbox. */
export const SYSTEM_USER = namedGuid("systemuser SYSTEM");
export const CDS_PUBLISHER = namedGuid("publisher cds");
export const CDS_SOLUTION = namedGuid("solution cds");

/** The roles every environment has, of those listed under "Predefined security roles" (power-platform database-security). */
export const DELIVERED_ROLES = [
  "System Administrator",
  "System Customizer",
  "Basic User",
  "Delegate",
  "Service Reader",
  "Service Writer",
  "Service Deleted",
] as const;

export const roleId = (name: string): string => namedGuid(`role ${name}`);
export const SYSTEM_ADMINISTRATOR = roleId("System Administrator");
