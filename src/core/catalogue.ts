/**
 * Every error a command can end with. Codes never change; words may. `docs/errors.md` is generated from this table,
 * and `test/bad-input.test.ts` has a case for each row.
 *
 * kind: config | auth | permission stop the run and are the user's to mend; throttled | unavailable are the other
 * side's and are tried again; state is about Sluice's own folder; interrupted is somebody's wish; bug is ours.
 * exit: 3 = found by reading the project alone, 2 = refused or stopped, 130 = stopped by a signal.
 */
export type ErrorKind =
  | "config"
  | "auth"
  | "permission"
  | "throttled"
  | "unavailable"
  | "state"
  | "interrupted"
  | "bug";

type Row = { kind: ErrorKind; exit: 2 | 3 | 130; when: string; remedy: string };

const rows = {
  usage: {
    kind: "config",
    exit: 2,
    when: "The command line names a command, an option or an argument that does not exist, or lacks one.",
    remedy: "`sluice --help` lists the commands, `sluice COMMAND --help` its options.",
  },
  no_project: {
    kind: "config",
    exit: 3,
    when: "The folder holds no sluice.yaml.",
    remedy: "Go to the project's folder, or name it with --project.",
  },
  yaml_syntax: {
    kind: "config",
    exit: 3,
    when: "A YAML file cannot be read as YAML.",
    remedy: "Mend the line named; indentation and a missing colon are the usual causes.",
  },
  yaml_invalid: {
    kind: "config",
    exit: 3,
    when: "A YAML file holds a key or a value that is not allowed there.",
    remedy: "Correct the key or value named.",
  },
  not_undoable: {
    kind: "state",
    exit: 2,
    when: "A run is to be undone that sent nothing, that wrote to another table, or whose before-images are gone, or those of a later run that wrote.",
    remedy: "`sluice runs` lists the runs; `retention` in sluice.yaml says how long their before-images are kept.",
  },
  unknown_name: {
    kind: "config",
    exit: 3,
    when: "A sync, model, audience or connection is named that the project does not have.",
    remedy: "Correct the name, or add the file that defines it.",
  },
  variable_missing: {
    kind: "config",
    exit: 3,
    when: "A ${VARIABLE} used in a connection is not set.",
    remedy: "Set the environment variable before you start Sluice.",
  },
  file_missing: {
    kind: "config",
    exit: 3,
    when: "A source file does not exist or cannot be read.",
    remedy: "Correct the path; it is taken relative to the connection's folder.",
  },
  file_unreadable: {
    kind: "config",
    exit: 3,
    when: "A source file is not what its ending or its settings say.",
    remedy: "Declare format, encoding or delimiter in the connection's tables.",
  },
  unknown_column: {
    kind: "config",
    exit: 3,
    when: "A mapping, key or audience names a source column that the model does not have.",
    remedy: "Correct the name; the nearest columns are listed.",
  },
  sql_invalid: {
    kind: "config",
    exit: 3,
    when: "A model's or an audience's SQL is not one SELECT that runs.",
    remedy: "Correct the statement; only one SELECT over the connection's tables is allowed.",
  },
  expression_invalid: {
    kind: "config",
    exit: 3,
    when: "The expression of a mapping line is not one SQL expression over the row's own columns.",
    remedy: "Correct the expression, or work the value out in the model's SQL and map the column it yields.",
  },
  ambiguous_date: {
    kind: "config",
    exit: 3,
    when: "The dates of a column can be read in more than one way.",
    remedy: "Declare the format, for example `formats: [d/M/yyyy]`.",
  },
  source_empty: {
    kind: "config",
    exit: 2,
    when: "A model that had rows came back empty.",
    remedy:
      "Look whether the source is complete; every row would count as left. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve source_empty`.",
  },
  audience_empty: {
    kind: "config",
    exit: 2,
    when: "An audience that had rows came back empty.",
    remedy:
      "Look whether its query and its data are complete. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve audience_empty`.",
  },
  too_many_leaves: {
    kind: "config",
    exit: 2,
    when: "More known rows would leave in one run than the sync allows.",
    remedy:
      "Look whether the source is complete. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve too_many_leaves`, or raise `leaveLimit`.",
  },
  too_many_deletes: {
    kind: "config",
    exit: 2,
    when: "More records would be deleted in one run than the sync allows.",
    remedy:
      "Look which rows are gone from the source. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve too_many_deletes`, or raise `deleteLimit`.",
  },
  too_many_changes: {
    kind: "config",
    exit: 2,
    when: "More records would be changed in one run than the sync allows, or the mapping is another and would change many.",
    remedy:
      "Look at the plan. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve too_many_changes`, or raise `changeLimit`.",
  },
  first_contact: {
    kind: "config",
    exit: 2,
    when: "Records that were there already are met for the first time, and more than a few of them would be changed.",
    remedy:
      "Look at the plan, and whether `firstContact` says what is meant. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve first_contact`, or raise `changeLimit`.",
  },
  request_budget: {
    kind: "config",
    exit: 2,
    when: "A run would need more requests than the sync allows.",
    remedy:
      "Look whether today's entitlement has room for them. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve request_budget`, or raise `requestLimit`.",
  },
  undone: {
    kind: "config",
    exit: 2,
    when: "The sync was undone, and a run would bring back what was taken back.",
    remedy:
      "Look at the plan, and whether the cause is mended. Nothing of this sync was sent. If this is meant, approve it for one run: `sluice run SYNC --approve undone`.",
  },
  plan_incomplete: {
    kind: "config",
    exit: 2,
    when: "A plan is named that was never complete, since its process died or it failed, or a run whose changes are kept no longer.",
    remedy: "Make a new one with `sluice plan`.",
  },
  plan_elsewhere: {
    kind: "config",
    exit: 2,
    when: "A plan is named that is another sync's, was made for another environment, organisation or table, or shows an undo.",
    remedy: "Name the sync and the environment that the plan was made for, or make a new plan.",
  },
  plan_outdated: {
    kind: "config",
    exit: 2,
    when: "The mapping, the model or the table has changed since the plan was made, so that its changes mean something else; or an older Sluice made it.",
    remedy: "Make a new plan with `sluice plan`, look at it, and apply that.",
  },
  plan_applied: {
    kind: "config",
    exit: 2,
    when: "A plan is named that was applied already.",
    remedy: "Make a new plan with `sluice plan`; it holds what is left to do.",
  },
  plan_moved: {
    kind: "config",
    exit: 2,
    when: "More rows of the plan than --max-moved allows would be changed otherwise now.",
    remedy: "Make a new plan with `sluice plan`, look at it, and apply that; or raise --max-moved. Nothing was sent.",
  },
  unknown_object: {
    kind: "config",
    exit: 2,
    when: "The destination has no table of that name.",
    remedy: "Correct `object`; `sluice describe CONNECTION` lists the tables.",
  },
  unknown_target: {
    kind: "config",
    exit: 2,
    when: "A mapping names a column that the destination table does not have, or that cannot be written.",
    remedy: "Correct the name; the nearest columns are listed, and `sluice describe CONNECTION TABLE` shows all.",
  },
  mapping_unfit: {
    kind: "config",
    exit: 2,
    when: "A mapping line does not fit the type of its column.",
    remedy: "Change the line as the message says.",
  },
  connection_wrong: {
    kind: "config",
    exit: 2,
    when: "A setting of a connection is wrong: its address, tenant or client id, or a file it names.",
    remedy: "Correct the setting; `sluice check CONNECTION` goes through all of them step by step.",
  },
  schema_changed: {
    kind: "config",
    exit: 2,
    when: "A table has changed since the sync's last run, so that what it maps is not there or not enough any more.",
    remedy:
      "Change the sync's mapping to fit the table, or have the change undone there; nothing of this sync was sent. `sluice doctor` tells all changes.",
  },
  table_read_only: {
    kind: "config",
    exit: 2,
    when: "A sync writes to a table that takes no plain rows: a virtual or elastic one, members of lists, parties of activities.",
    remedy: "Write to a standard table.",
  },
  nothing_waits: {
    kind: "config",
    exit: 2,
    when: "Rows are to be sent again, or skipped, and none of those meant waits.",
    remedy:
      "`sluice rejected SYNC` tells which rows wait. One whose key is empty or doubled is mended in the source alone.",
  },
  not_resolvable: {
    kind: "config",
    exit: 2,
    when: "A run is to be resolved that left nothing to resolve, or that a later run has followed.",
    remedy: "`sluice runs SYNC` lists the runs; resolve the latest, or run the sync again.",
  },
  secret_wrong: {
    kind: "auth",
    exit: 2,
    when: "The identity provider refused the credentials.",
    remedy: "Create a new client secret in Entra ID and set it; the value is needed, not the secret's id.",
  },
  not_allowed: {
    kind: "permission",
    exit: 2,
    when: "The destination knows us but does not allow the action.",
    remedy: "Give the application user a security role with the privilege named.",
  },
  host_unreachable: {
    kind: "unavailable",
    exit: 2,
    when: "A host cannot be reached.",
    remedy: "Check the URL, the network and whether the environment is running; then run again.",
  },
  throttled: {
    kind: "throttled",
    exit: 2,
    when: "The destination kept asking us to wait for longer than a run may wait.",
    remedy: "Run again later; nothing is lost. Consider another application user to share the load.",
  },
  destination_failed: {
    kind: "unavailable",
    exit: 2,
    when: "The destination kept answering with errors of its own.",
    remedy: "Run again later; what was settled stays settled.",
  },
  unexpected_answer: {
    kind: "unavailable",
    exit: 2,
    when: "The destination answered with something that is not its documented form.",
    remedy: "Check that the URL is the Web API endpoint and no proxy answers in its place.",
  },
  state_locked: {
    kind: "state",
    exit: 2,
    when: "Another Sluice process works on the same state folder.",
    remedy:
      "Wait for it to end, or end it: `sluice stop SYNC` ends a run and settles what it sent, any other command ends with the process that the message names.",
  },
  state_unwritable: {
    kind: "state",
    exit: 2,
    when: "The state folder cannot be written.",
    remedy: "Give the user that runs Sluice write access to the folder, or name another with --state.",
  },
  state_newer: {
    kind: "state",
    exit: 2,
    when: "The state was written by a newer Sluice.",
    remedy: "Use the newer version; this one would not understand what it finds.",
  },
  state_broken: {
    kind: "state",
    exit: 2,
    when: "A file of the state folder, or the control database, is damaged; the message names it.",
    remedy:
      "Put it back from a backup; or `sluice rebuild SYNC`: it moves the file aside and finds every record again by the match columns, without sending anything.",
  },
  state_whole: {
    kind: "state",
    exit: 2,
    when: "A sync's state is to be rebuilt, though nothing is wrong with it.",
    remedy:
      "Run the sync as always. To have it forget all the same, add --force; the file is moved aside, not deleted.",
  },
  state_elsewhere: {
    kind: "state",
    exit: 2,
    when: "The sync's state belongs to another organisation or table than the one it now writes to.",
    remedy:
      "Use an environment of its own for each organisation and a sync of its own for each table; or `sluice rebuild SYNC --force`: it moves the file aside, and every record is matched anew.",
  },
  database_unreachable: {
    kind: "unavailable",
    exit: 2,
    when: "The control database that DATABASE_URL names does not answer, or does not let us in.",
    remedy: "Start it, or correct DATABASE_URL; without that variable Sluice keeps its own in the state folder.",
  },
  lease_lost: {
    kind: "state",
    exit: 2,
    when: "A run stood still for so long that another worker took its sync over.",
    remedy: "Nothing was sent or settled after that, and nothing is lost: the other worker goes on.",
  },
  disk_full: {
    kind: "state",
    exit: 2,
    when: "There is no room left on the disk that holds the state folder.",
    remedy: "Make room and run again; nothing is lost. `sluice doctor --repair` removes what is kept no longer.",
  },
  out_of_memory: {
    kind: "state",
    exit: 2,
    when: "The run needed more memory than its limit lets it take, with one processor, too, or it would need more to keep what it sends.",
    remedy: "Raise the limit with --memory-limit (1GB unless you say otherwise) and run again; nothing is lost.",
  },
  interrupted: {
    kind: "interrupted",
    exit: 130,
    when: "The command was stopped: by a signal (Ctrl-C, SIGTERM), or with `sluice stop`.",
    remedy: "Run it again: what was settled stays settled, the rest follows.",
  },
  paused: {
    kind: "interrupted",
    exit: 2,
    when: "Somebody paused the sync.",
    remedy: "`sluice continue SYNC` lets it run again; what was sent until then is settled.",
  },
  bug: {
    kind: "bug",
    exit: 2,
    when: "Sluice itself is at fault.",
    remedy: "Please report it with the message and the run's id; running again is safe.",
  },
} as const satisfies Record<string, Row>;

export type ErrorCode = keyof typeof rows;
export const catalogue: Record<ErrorCode, Row> = rows;
