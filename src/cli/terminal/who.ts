import { userInfo } from "node:os";

/** Who gives the command, for the record: as said, else SLUICE_USER, else the name the system has for the user. Nobody is called "". */
export function whoAsks(said: string | undefined): string {
  return said?.trim() || process.env.SLUICE_USER?.trim() || systemUser();
}

/** A user without an entry in the system's list, as in many containers, has a number only. */
function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return `user ${process.getuid?.() ?? "unknown"}`;
  }
}
