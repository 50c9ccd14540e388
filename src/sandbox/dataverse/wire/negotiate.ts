import { type Call, header } from "../../http/exchange.ts";
import type { Operation } from "../../operation.ts";
import { errors } from "../errors.ts";
import { mayCarryFile } from "../files/route.ts";

const PAGE = "compose-http-requests-handle-errors.md";

/** What the protocol's own headers and addresses do, for the support matrix. */
export const PROTOCOL_OPERATIONS: Operation[] = [
  {
    name: "Versions",
    does: "8.2, 9.0, 9.1 and 9.2 in the path, echoed in every link",
    source: "dataverse.md section 1",
  },
  { name: "Service document", does: "the entity sets, at the root of a version", source: "dataverse.md section 1" },
  { name: "HEAD", does: "as GET, without the body", source: "HTTP (RFC 9110)" },
  { name: "OData-Version", does: "4.0; with OData-MaxVersion below 4.0 the service is not found", source: PAGE },
  {
    name: "Accept",
    does: "JSON with odata.metadata=minimal; full, none and IEEE754Compatible=true answer 501",
    source: PAGE,
  },
  {
    name: "Content-Type",
    does: "a body may not be announced as anything but JSON in UTF-8: 415 otherwise",
    source: PAGE,
  },
  {
    name: "Error annotations",
    does: "with Prefer: odata.include-annotations, errors carry HelpLink and InnerError.Message",
    source: PAGE,
  },
];

/**
 * Checks the headers that say how a request is to be read and answered. Throws 415 for a body that is not JSON, 404 for
 * a protocol version the service does not have, 501 for what Dataverse can and we cannot.
 * Source: compose-http-requests-handle-errors.md, "HTTP headers".
 */
export function negotiate(call: Call, batch: boolean): void {
  const { headers } = call;
  if (headers["odata-version"] ?? headers["odata-maxversion"]) requireVersion(call);
  if (!batch && !mayCarryFile(call)) requireJson(call);
  const accept = header(call, "accept");
  if (accept !== undefined && UNBUILT_FORMAT.test(accept)) requireMinimal(accept);
  if (headers["x-http-method-override"] ?? headers["x-http-method"]) {
    throw errors.notBuilt("Another method by header (X-HTTP-Method-Override)");
  }
  if (header(call, "prefer")?.includes("respond-async")) {
    throw errors.notBuilt("A background operation (Prefer: respond-async)");
  }
  if (header(call, "mscrm.includemipsensitivitylabel") === "true") {
    throw errors.notBuilt("A sensitivity label (MSCRM.IncludeMipSensitivityLabel)");
  }
}

function requireVersion(call: Call): void {
  const version = header(call, "odata-version");
  const most = header(call, "odata-maxversion");
  const known = version === undefined || version === "4.0" || version === "4.01";
  if (!known || (most !== undefined && !(Number(most) >= 4))) {
    throw errors.noSuchResource(`${call.origin}${call.path}`);
  }
}

/** Throws 415 for a body that is announced as anything but JSON. */
export function requireJson(call: Call): void {
  if (call.body.length === 0) return;
  const type = header(call, "content-type");
  // The pages themselves leave the header out of many requests they print.
  if (type === undefined || type === "") return;
  const [media = "", ...parameters] = type.toLowerCase().split(";");
  const charset = parameters.map((each) => /^\s*charset\s*=\s*"?([^"\s]*)/.exec(each)?.[1]).find(Boolean) ?? "utf-8";
  if (!/^\s*(application|text)\/json\s*$/.test(media) || !["utf-8", "utf8"].includes(charset)) {
    throw errors.wrongContentType(type.slice(0, 200));
  }
}

/** Formats of OData's JSON that the sandbox does not write: more or fewer annotations, numbers as text. */
const UNBUILT_FORMAT = /odata\.metadata\s*=\s*"?(full|none)|IEEE754Compatible\s*=\s*"?true/i;

/** Refuses such a format where nothing else that is acceptable stands beside it. */
function requireMinimal(accept: string): void {
  if (accept.split(",").some((range) => !UNBUILT_FORMAT.test(range))) return;
  throw errors.notBuilt(`The format ${accept.slice(0, 100)}`);
}
