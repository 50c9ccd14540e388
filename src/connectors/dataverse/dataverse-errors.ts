/**
 * What a refusal means for us:
 * row = the row's own values; missing = a record (this one or one it points at) is not there; duplicate = such a record
 * is there already; permission; schema = table or address unknown; expired = delta link too old; tooLarge; throttled =
 * not executed, wait; busy = not executed or rolled back, try again; down = may or may not have been executed;
 * offline = the environment is switched off; token = sign in again; odd = not an answer of Dataverse at all.
 */
export type FaultKind =
  | "row"
  | "missing"
  | "duplicate"
  | "permission"
  | "schema"
  | "expired"
  | "tooLarge"
  | "throttled"
  | "busy"
  | "down"
  | "offline"
  | "token"
  | "odd";

export type DataverseRow = { code: string; status: number[]; kind: FaultKind; cause: string; remedy: string };

const users = "Power Platform admin center > Environments > your environment > Settings > Users + permissions";
const report = "Please report it with the message: Sluice should not have sent this.";
const waits = "Nothing: Sluice waits as long as it is told and goes on.";

const row = (
  code: string,
  status: number | number[],
  kind: FaultKind,
  cause: string,
  remedy: string,
): DataverseRow => ({
  code,
  status: [status].flat(),
  kind,
  cause,
  remedy,
});

/**
 * Every refusal of Dataverse that is known: first by HTTP status and code, never by message. `cause` and `remedy` are for
 * the person who must act; errors, troubleshooting guide and `sluice check` are made of these rows. Sources: dataverse.md
 * sections 2 and 7 to 14; web-service-error-codes.md.
 */
export const dataverseErrors: readonly DataverseRow[] = [
  // who we are (section 2)
  row(
    "0x80072560",
    403,
    "permission",
    "the application is not a user of this environment",
    `Create an application user for the client id: ${users} > Application users > New app user > Add an app. Give it a role.`,
  ),
  row(
    "0x80042f09",
    403,
    "permission",
    "the application user has no security role",
    `Give it one: ${users} > Application users > your app > Edit security roles. \`sluice doctor --role SYNC\` prints what the role needs.`,
  ),
  row(
    "0x80040225",
    403,
    "permission",
    "the application user is disabled or has no business unit",
    `Activate it: ${users} > Application users > your app > Activate; its Details show the business unit.`,
  ),
  row(
    "0x80095ffc",
    403,
    "permission",
    "a policy of the tenant blocks this application",
    "Ask the Power Platform administrator to allow the client id in the environment's app access control.",
  ),
  row(
    "0x80040220",
    403,
    "permission",
    "the application user lacks a privilege",
    `Add the privilege named to a security role of the application user, at organization level: ${users.replace("Users + permissions", "Users + permissions > Security roles")}.`,
  ),
  row(
    "0x80040204",
    403,
    "permission",
    "the application user may not act for somebody else",
    "Give it the role Delegate, or the privilege prvActOnBehalfOfAnotherUser.",
  ),
  row(
    "0x80048306",
    403,
    "row",
    "access to this one record is denied",
    "Share the record with the application user, or give its role the privilege at organization level.",
  ),
  row(
    "0x8004a104",
    [403, 503],
    "offline",
    "the environment is switched off or in administration mode",
    "End its administration mode, or start it: Power Platform admin center > Environments > your environment > Edit > Administration mode > Disabled > Save.",
  ),
  // limits (section 9)
  row("0x80072322", 429, "throttled", "too many requests in five minutes by this application user", waits),
  row("0x80072321", 429, "throttled", "too much computing time in five minutes by this application user", waits),
  row("0x80072326", 429, "throttled", "too many requests at once by this application user", waits),
  // values of a row (section 14)
  row(
    "0x80044331",
    400,
    "row",
    "a text is longer than its column",
    "Shorten it in the source, lengthen the column, or map it with `tooLong: truncate`.",
  ),
  row("0x8004432f", 400, "row", "a whole number is outside the range of its column", "Correct it in the source."),
  row("0x80044330", 400, "row", "a number is outside the range of its column", "Correct it in the source."),
  row(
    "0x8004431a",
    400,
    "row",
    "a value is none of the column's choices",
    "Add the choice to the column, or map the source's value with `values`.",
  ),
  row(
    "0x80048408",
    400,
    "row",
    "the status does not belong to the state",
    "Map statecode and statuscode so that they fit each other; `sluice describe` shows which do.",
  ),
  row(
    "0x80100005",
    400,
    "row",
    "this state is set by an action of its own, such as winning or closing",
    "Leave the state out of the mapping for these rows; it is set in Dynamics.",
  ),
  row(
    "0x80040203",
    400,
    "row",
    "a value is not valid, or a required column has none",
    "The message names what is wrong; correct the source or map the column.",
  ),
  row(
    "0x80048d19",
    400,
    "row",
    "the request does not fit the table: an unknown column or relationship, or a value of the wrong type",
    "Run again: the schema has probably changed since it was read. If it stays, please report it with the message.",
  ),
  row(
    "0x0",
    400,
    "row",
    "the request names something that the table does not have",
    "Run again. If it stays, please report it with the message: Sluice should not have sent this.",
  ),
  row("0x80060888", 400, "row", "the query is not one that Dataverse understands", report),
  row("0x80041102", 400, "row", "a FetchXML query names a table that is not there", report),
  row(
    "0x80041103",
    400,
    "row",
    "a FetchXML query, or the place a read was to go on from, names a column that is not there",
    "Nothing, where a read was to go on: Sluice reads everything again. Else please report it with the message.",
  ),
  row("0x80044183", 400, "row", "a FetchXML query is not one that Dataverse understands", report),
  row(
    "0x80060890",
    400,
    "row",
    "the columns are not an alternate key of the table",
    "Create the key, or match by other columns.",
  ),
  row(
    "0x8004022e",
    [400, 403],
    "row",
    "the record is read-only, such as a closed or inactive one",
    "Reopen the record in Dynamics, or leave the row out.",
  ),
  row(
    "0x80040227",
    [400, 405],
    "row",
    "other records depend on this one, so it cannot be deleted",
    "Remove what depends on it, or use `onLeave: deactivate`.",
  ),
  row(
    "0x80040265",
    [400, 500],
    "row",
    "a plug-in of your environment refused the record; the message is its own",
    "Ask the owner of the plug-in; Dynamics > Settings > Plug-in trace log tells which it was.",
  ),
  row(
    "0x80040224",
    [400, 500],
    "row",
    "a plug-in of your environment crashed on the record",
    "Ask the owner of the plug-in; Dynamics > Settings > Plug-in trace log tells which it was.",
  ),
  row("0x8006088d", 400, "row", "the table has no optimistic concurrency", report),
  row(
    "0x80060882",
    412,
    "row",
    "somebody changed the record in the same moment",
    "Nothing: the next run sees the change.",
  ),
  // records that are there, or not (section 14)
  row(
    "0x80040217",
    404,
    "missing",
    "the record, or one it points at, does not exist",
    "Nothing for a record that was deleted: `deletedThere` says what happens. A lookup by id needs an id that exists.",
  ),
  row(
    "0x80060891",
    404,
    "row",
    "a lookup by alternate key finds no record",
    "Send the parent first, or use `missing: null` in the lookup.",
  ),
  row(
    "0x80060892",
    412,
    "duplicate",
    "another record has the same values in an alternate key",
    "Match by the columns of that key, so that the record is found; or correct the doubled value.",
  ),
  row("0x80040237", 412, "duplicate", "a record with this id exists", "Nothing: the next run finds it and goes on."),
  row(
    "0x80073002",
    [400, 412],
    "row",
    "another record has the same value in a unique column",
    "Match by that column, or correct the doubled value.",
  ),
  row(
    "0x80040333",
    [412, 500],
    "row",
    "a duplicate detection rule found the same record",
    "Merge or correct the record; or leave duplicate detection off for this connection.",
  ),
  // tables and messages
  row(
    "0x8006088a",
    404,
    "schema",
    "there is no such table or action",
    "Correct `object`, or look whether the table was deleted or renamed.",
  ),
  row(
    "0x80040800",
    405,
    "row",
    "the table does not support this operation",
    "Look whether the table can be written at all.",
  ),
  row(
    "0x80100008",
    400,
    "row",
    "the table does not take this message",
    "Look whether the table can be written at all.",
  ),
  row(
    "0x8004418a",
    [400, 413],
    "tooLarge",
    "the request is too large",
    "Nothing: Sluice sends it in parts. A single row: shorten its texts.",
  ),
  row("0x8004e023", 400, "row", "more than 50,000 rows were to be counted", report),
  // change tracking (section 10)
  row(
    "0x80044352",
    [400, 410],
    "expired",
    "the last read is too long ago for a list of changes",
    "Nothing: Sluice reads the table in full. Run at least once a week to avoid it.",
  ),
  row(
    "0x80072491",
    400,
    "row",
    "the table has no change tracking",
    "Nothing is lost, but every run reads in full. To spare that: Power Apps > Tables > the table > Properties > Track changes.",
  ),
  row(
    "0x80072492",
    400,
    "row",
    "one of the related tables has no change tracking",
    "Turn Track changes on for both: Power Apps > Tables > the table > Properties.",
  ),
  // marketing lists (section 11)
  row("0x8004f701", 400, "row", "the marketing list is dynamic, so members cannot be added", "Name a static list."),
  row(
    "0x8004f702",
    400,
    "row",
    "a static marketing list takes no query",
    "Leave the query out, or name a dynamic list.",
  ),
  row("0x8004f703", 400, "row", "a dynamic marketing list cannot be locked", "Leave lockstatus out."),
  row("0x8004f704", 400, "row", "this can be done with a dynamic marketing list only", "Name a dynamic list."),
  row("0x8004033a", 400, "row", "the marketing list is inactive", "Activate the list in Dynamics, or name another."),
  // their side
  row("0x80044339", 500, "busy", "the database was locked by something else", "Nothing: Sluice tries again."),
  row("0x80044150", 500, "busy", "the database failed and rolled back", "Nothing: Sluice tries again."),
  row("0x80044151", 500, "down", "the database took too long", "Nothing: Sluice looks what was written and goes on."),
  row(
    "0x80040216",
    500,
    "down",
    "Dataverse met an error of its own",
    "Nothing: Sluice looks what was written and goes on.",
  ),
];

/** What a status means where the code is none of the above. */
export const statuses: Record<number, FaultKind> = {
  400: "row",
  401: "token",
  403: "permission",
  404: "schema",
  405: "row", // associated with another record, or not possible for it
  408: "down",
  410: "expired",
  412: "row",
  413: "tooLarge",
  429: "throttled",
  503: "busy",
};
