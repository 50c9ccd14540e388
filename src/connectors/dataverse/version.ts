import { z } from "zod";
import { SluiceError } from "../../core/errors.ts";
import { notJson, parseJson } from "./body.ts";
import { type ApiVersion, versions } from "./config.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";

/** The answer of the function RetrieveVersion, such as 9.2.25000.100 (Web API reference: RetrieveVersionResponse). */
const answered = z.object({ Version: z.string().regex(/^\d+\.\d+/) });

/**
 * The newest version of the Web API that the server offers and we know; one that came later may differ
 * (web-api-versions.md). `ask`: a GET. Servers before 9.0 know no paths of version 9.
 */
export async function askVersion(ask: (path: string, doing: string) => Promise<Answer>): Promise<ApiVersion> {
  const doing = "ask for its version";
  let answer = await ask("/api/data/v9.0/RetrieveVersion", doing);
  if (answer.status === 404) answer = await ask("/api/data/v8.2/RetrieveVersion", doing);
  if (answer.status !== 200) throw stopping(classify(answer), doing);
  const server = answered.safeParse(parseJson(answer)).data?.Version;
  if (server === undefined) throw notJson(answer, doing);
  const version = newestPath(server);
  if (version) return version;
  throw new SluiceError(
    "unexpected_answer",
    `The environment is of version ${server}, for which no Web API is known.`,
    {
      remedy: `Set apiVersion to the one of ${versions.join(", ")} that it offers.`,
    },
  );
}

/** The newest path we know that a server of this version offers. */
export function newestPath(server: string): ApiVersion | undefined {
  const [major = 0, minor = 0] = server.split(".").map(Number);
  if (major > 9) return versions.at(-1);
  return versions.findLast((version) => {
    const [ourMajor, ourMinor] = version.split(".").map(Number) as [number, number];
    return ourMajor === major && ourMinor <= minor;
  });
}
