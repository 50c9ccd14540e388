// Who may import whom. Each row: a folder of src, and the folders of src it may import besides itself.
// The reasons are in docs/architecture.md, "Who may import whom".
const mayImport = {
  core: [],
  sandbox: [],
  store: ["core"],
  engine: ["core", "store"],
  api: ["core"],
  server: ["core", "store", "engine", "connectors", "api"],
  cli: ["api", "core"],
};

const tests = "[.]test[.]ts$";

const folderRules = Object.entries(mayImport).map(([folder, allowed]) => ({
  name: `${folder}-imports`,
  comment: `src/${folder} may import ${allowed.length ? allowed.join(", ") : "nothing of ours"}.`,
  severity: "error",
  from: { path: `^src/${folder}/`, pathNot: tests },
  to: { path: "^(src|test|bench|examples|checks)/", pathNot: `^src/(${[folder, ...allowed].join("|")})/` },
}));

/** @type {import('dependency-cruiser').IConfiguration} */
module.exports = {
  forbidden: [
    ...folderRules,
    {
      name: "connectors-imports",
      comment: "A connector may import core and its own folder; never a sibling, the store or the engine.",
      severity: "error",
      from: { path: "^src/connectors/([^/]+)/", pathNot: tests },
      to: { path: "^(src|test|bench|examples|checks)/", pathNot: "^src/(core|connectors/$1)/" },
    },
    {
      name: "unknown-folder",
      comment: "A new folder under src needs a row in the table above.",
      severity: "error",
      from: { path: "^src/[^/]+/", pathNot: `^src/(${Object.keys(mayImport).join("|")}|connectors)/` },
      to: {},
    },
    {
      name: "nothing-imports-main",
      comment: "main.ts is where everything meets; it is started, not imported.",
      severity: "error",
      from: {},
      to: { path: "^src/main[.]ts$" },
    },
    {
      name: "no-cycles",
      severity: "error",
      from: {},
      to: { circular: true },
    },
    {
      name: "no-orphans",
      comment: "A file that nothing imports and that imports nothing is left over.",
      severity: "error",
      from: { orphan: true, path: "^src/", pathNot: ["[.]d[.]ts$", tests] },
      to: {},
    },
    {
      name: "resolvable",
      comment: "An import that leads nowhere.",
      severity: "error",
      from: {},
      to: { couldNotResolve: true },
    },
  ],
  options: {
    tsPreCompilationDeps: true,
    tsConfig: { fileName: "tsconfig.json" },
    doNotFollow: { path: "node_modules" },
    enhancedResolveOptions: { exportsFields: ["exports"], conditionNames: ["import", "node", "types", "default"] },
  },
};
