import { realpathSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { config } from "../src/connectors/dataverse/config.ts";
import {
  ensureColumn,
  ensureKey,
  ensureSolution,
  type NewColumn,
  type NewKey,
  type NewSolution,
  openSession,
} from "../src/connectors/dataverse/index.ts";
import { SluiceError } from "../src/core/errors.ts";

const solution: NewSolution = { name: "SluiceExample", title: "Sluice example", prefix: "sluice", options: 75_842 };
const contactColumns: NewColumn[] = [
  { name: "sluice_CustomerId", title: "Customer Number", type: "text", maxLength: 40 },
  { name: "sluice_Vip", title: "Audience: VIP", type: "text", maxLength: 20 },
  { name: "sluice_Lapsed", title: "Audience: Lapsed", type: "text", maxLength: 20 },
];
const contactKey: NewKey = { name: "sluice_CustomerIdKey", title: "Customer Number", columns: ["sluice_customerid"] };
const accountKey: NewKey = { name: "sluice_AccountNumberKey", title: "Account Number", columns: ["accountnumber"] };

/**
 * Makes what the example needs in Dynamics, by metadata calls: a solution with a publisher of its own, three columns
 * on contact, and the alternate keys that guard against doubles. What exists is left as it is. `variables` are those that the sandbox prints; without TOKEN_URL
 * Microsoft's own is used. Returns the names of what was made.
 */
export async function makeColumns(variables: Readonly<Record<string, string | undefined>>): Promise<string[]> {
  const session = openSession(
    config.parse({
      url: variables.BASE_URL,
      tenant: variables.TENANT_ID,
      clientId: variables.CLIENT_ID,
      clientSecret: variables.CLIENT_SECRET,
      ...(variables.TOKEN_URL && { tokenUrl: variables.TOKEN_URL }),
    }),
    { base: "." },
  );
  const made: string[] = [];
  const note = async (name: string, making: Promise<boolean>) => {
    if (await making) made.push(name);
  };
  try {
    await note(`solution ${solution.name}`, ensureSolution(session, solution));
    for (const column of contactColumns)
      await note(`contact.${column.name.toLowerCase()}`, ensureColumn(session, "contact", column, solution.name));
    // The two indexes are built, and waited for, at the same time.
    await Promise.all([
      note("key on contact.sluice_customerid", ensureKey(session, "contact", contactKey, solution.name)),
      note("key on account.accountnumber", ensureKey(session, "account", accountKey, solution.name)),
    ]);
  } finally {
    await session.close();
  }
  return made;
}

if (process.argv[1] && realpathSync(process.argv[1]) === fileURLToPath(import.meta.url)) {
  const missing = ["BASE_URL", "TENANT_ID", "CLIENT_ID", "CLIENT_SECRET"].filter((name) => !process.env[name]);
  if (missing.length > 0) {
    console.error(`Not set: ${missing.join(", ")}. \`npx sluice sandbox --print-env\` prints them for the sandbox.`);
    process.exitCode = 2;
  } else {
    try {
      const made = await makeColumns(process.env);
      console.log(made.length > 0 ? `Made: ${made.join(", ")}` : "Everything is there already.");
    } catch (error) {
      if (!(error instanceof SluiceError)) throw error;
      console.error(`${error.message}\n${error.remedy}`);
      process.exitCode = 2;
    }
  }
}
