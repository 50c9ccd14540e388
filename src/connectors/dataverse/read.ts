import type { Page, ReadRequest } from "../../core/connector.ts";
import { SluiceError } from "../../core/errors.ts";
import type { ObjectSchema } from "../../core/schema.ts";
import { notJson } from "./body.ts";
import type { Answer } from "./exchange.ts";
import { classify, stopping } from "./faults.ts";
import type { WebApi } from "./http.ts";
import { matchQueries } from "./match-queries.ts";
import { type Parts, takeApart } from "./page.ts";
import { shownAnnotation, tableAnnotation, wire } from "./wire.ts";

/** The place to go on from is not good any more, or lacks a column now asked for: read everything again. */
export class CursorExpired extends Error {
  override name = "CursorExpired";
}

const PAGE = 5000; // the most Dataverse gives at once

/** Dataverse takes addresses of 32,768 characters; the rest is for the host and for proxies that count differently. */
const LONGEST_PATH = 30_000;
/** Ids in one query, unless the address is too long for them. */
export const MOST_IDS = 500;
const GUID = 36;
const AHEAD = 4;
const TRIES = 3;

/** Answers of one moment may show the database as it was some minutes before, and clocks of servers differ. */
const MARGIN = 5 * 60_000;
const CHANGED = "modifiedon";

type Fetched = { answer: Answer; parts: Parts };

/**
 * `track`: ask for a cursor. `annotations`: what is told beside values. `resumable`: pages say how to take the read up
 * again. `since`: when the read began, of one that is taken up again.
 */
type Following = { track?: boolean; annotations?: string[]; resumable?: boolean; since?: string };

/**
 * All rows, the rows of `ids` or `match`, what changed since `cursor`, or the rest from `place`; only the columns asked
 * for and the id. Rows are handed on as received: in a page of changes, they also hold tombstones, which have no id column.
 * Fails as `WebApi.read` does, with unexpected_answer, not_allowed, unknown_object, or, before any page, CursorExpired.
 * Source: dataverse.md sections 6 and 10.
 */
export async function* readPages(
  api: WebApi,
  object: ObjectSchema,
  request: ReadRequest,
  signal: AbortSignal,
): AsyncGenerator<Page> {
  const properties = [...new Set([object.id, ...request.columns.map((c) => wire.property(object, c))])];
  const select = `${object.set}?$select=${properties.join(",")}`;
  const { track } = request;
  const annotations = [...(request.tables ? [tableAnnotation] : []), ...(request.formatted ? [shownAnnotation] : [])];
  if (request.ids ?? request.match) {
    const root = await api.root(signal);
    const queries = request.match
      ? matchQueries(LONGEST_PATH - root.length, select, object, request.match)
      : idQueries(root, select, object.id, request.ids!);
    const started = queries.map((query) => follow(api, object, query, signal, { annotations }));
    yield* inOrder(started, AHEAD);
    return;
  }
  if (request.cursor !== undefined) {
    if (!covers(request.cursor, properties)) throw new CursorExpired(`${object.name}: a new column is asked for`);
    yield* follow(api, object, request.cursor, signal, { annotations, track: true });
    return;
  }
  const resumable = object.columns.some((c) => c.name === CHANGED);
  if (request.place === undefined) {
    yield* follow(api, object, select, signal, { annotations, track, resumable });
    return;
  }
  // Pages of the rest do not tell what has changed since in the rows before them.
  const [, since = "", path = ""] = /^(\S+) (.*)$/.exec(request.place)!;
  for await (const page of follow(api, object, path, signal, { annotations, track, resumable, since }))
    yield { ...page, last: false };
  yield* follow(api, object, `${select}&$filter=${CHANGED}%20ge%20${since}`, signal, { annotations });
}

/** The pages of all sources, one source after the other; the first page of the next few is asked for in advance. */
async function* inOrder(sources: AsyncGenerator<Page>[], ahead: number): AsyncGenerator<Page> {
  const first: Promise<IteratorResult<Page>>[] = [];
  const ask = (i: number) => {
    if (i >= sources.length) return;
    const coming = sources[i]!.next();
    coming.catch(() => {}); // whoever awaits it gets the error
    first[i] = coming;
  };
  try {
    for (let i = 0; i < ahead; i++) ask(i);
    for (const [i, source] of sources.entries()) {
      for (let step = await first[i]!; !step.done; step = await source.next())
        yield { ...step.value, last: step.value.last && i === sources.length - 1 };
      ask(i + ahead);
    }
  } finally {
    for (const source of sources) void source.return(undefined).catch(() => {});
  }
}

/** The pages of `path`, which asks for rows of the table; see `readPages`. */
export async function* follow(
  api: WebApi,
  object: ObjectSchema,
  start: string,
  signal: AbortSignal,
  { track = false, annotations = [], resumable = false, since }: Following = {},
): AsyncGenerator<Page> {
  const changes = /[?&]\$deltatoken=/i.test(start);
  const beside = annotations.length > 0 ? `,odata.include-annotations="${annotations.join(",")}"` : "";
  const prefer = `odata.maxpagesize=${PAGE}${track && !changes ? ",odata.track-changes" : ""}${beside}`;
  const stop = new AbortController();
  const either = AbortSignal.any([signal, stop.signal]);
  const fetch = (path: string) => {
    const kept = path !== start ? undefined : changes ? "cursor" : since === undefined ? undefined : "place";
    const coming = fetchPage(api, object, path, prefer, kept, either);
    // It may fail while the page before is still being worked on; whoever awaits it gets the error.
    coming.catch(() => {});
    return coming;
  };
  try {
    let coming: Promise<Fetched> | undefined = fetch(start);
    let began = since;
    while (coming) {
      const fetched: Fetched = await coming;
      const { answer, parts } = fetched;
      const next: string | undefined = parts.next === undefined ? undefined : local(parts.next, object);
      // The next page travels while this one is used.
      coming = next === undefined ? undefined : fetch(next);
      began ??= new Date((Date.parse(answer.header("date") ?? "") || api.clock.date()) - MARGIN).toISOString();
      const { rows, count, deleted, delta } = parts;
      const cursor = delta === undefined ? (changes && !next ? start : undefined) : local(delta, object);
      yield {
        rows,
        deleted,
        count,
        ...(cursor !== undefined && !next && { cursor }),
        ...(resumable && next !== undefined && hasCookie(next) && { place: `${began} ${next}` }),
        last: next === undefined,
      };
    }
  } finally {
    stop.abort(new Error("the reader went away"));
  }
}

async function fetchPage(
  api: WebApi,
  object: ObjectSchema,
  path: string,
  prefer: string,
  kept: "cursor" | "place" | undefined,
  signal: AbortSignal,
): Promise<Fetched> {
  const doing = `read ${object.name}`;
  for (let tries = 1; ; tries++) {
    const answer = await api.read({ path, headers: { prefer }, doing }, signal);
    if (answer.status >= 300) {
      const fault = classify(answer);
      if (fault.kind === "expired" || (kept && answer.status < 500 && fault.kind !== "permission"))
        throw new CursorExpired(`${object.name}: ${fault.message} (${fault.code})`);
      if (fault.kind === "schema")
        throw new SluiceError("unknown_object", `Table ${object.name} is not there any more (${fault.message}).`);
      throw stopping(fault, doing);
    }
    const parts = takeApart(answer.body, object.id, kept === "cursor");
    if (parts) return { answer, parts };
    // A body cut short comes whole the next time; a sign-in page does not.
    if (tries === TRIES || answer.header("content-type")?.includes("html")) throw notJson(answer, doing);
  }
}

/** With a cookie the next page begins after a certain row; without it after so many rows, whichever they are by then. */
const hasCookie = (link: string): boolean => /pagingcookie(=|%3D)("|%22)./i.test(link);

/** Links are absolute. Only their path is used: the token goes to the host that was configured and nowhere else. */
function local(link: string, object: ObjectSchema): string {
  const path = /^(?:https?:\/\/[^/]+)?(\/api\/data\/.*)$/i.exec(link)?.[1];
  if (path !== undefined) return path;
  throw new SluiceError("unexpected_answer", `Reading ${object.name} was to go on at an unknown address: ${link}.`, {
    remedy: `Check that no proxy rewrites addresses; expected one below /api/data/.`,
  });
}

/** Whether the delta link was made for all these properties; what it selects cannot be changed. */
function covers(cursor: string, properties: string[]): boolean {
  const selected = /[?&](?:\$|%24)select=([^&]*)/i.exec(cursor)?.[1];
  if (selected === undefined) return true;
  const known = new Set(decodeURIComponent(selected).split(","));
  return properties.every((p) => known.has(p));
}

/** As few queries as the address's length allows. */
export function idQueries(root: string, select: string, idColumn: string, ids: string[]): string[] {
  const open = `${select}&$filter=Microsoft.Dynamics.CRM.In(PropertyName='${idColumn}',PropertyValues=[`;
  const room = LONGEST_PATH - root.length - open.length - 2;
  const size = Math.max(1, Math.min(MOST_IDS, Math.floor(room / (GUID + "%22%22,".length))));
  const queries: string[] = [];
  for (let i = 0; i < ids.length; i += size)
    queries.push(
      `${open}${ids
        .slice(i, i + size)
        .map((id) => `%22${id}%22`)
        .join(",")}])`,
    );
  return queries;
}
