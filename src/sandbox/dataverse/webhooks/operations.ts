import type { Operation } from "../../operation.ts";

const source = "dataverse.md section 13; use-webhooks.md";

/** What webhooks can do, for the support matrix. Steps of other messages are kept as rows, and never run. */
export const WEBHOOK_OPERATIONS: Operation[] = [
  {
    name: "RemoteExecutionContext",
    does: "Posted for Create, Update and Delete, of whatever request they come",
    source,
  },
  {
    name: "Webhook step of CreateMultiple",
    does: "And of UpdateMultiple: told of all rows of a request at once",
    source,
  },
  { name: "Webhook step of Associate", does: "And of Disassociate: both rows and the relationship", source },
  {
    name: "Webhook synchronous",
    does: "Asked before a write counts; a failure undoes the write with 0x80040265",
    source,
  },
  {
    name: "Webhook asynchronous",
    does: "Told afterwards; a system job (asyncoperation) keeps what came of it",
    source,
  },
  { name: "Webhook authtype", does: "WebhookKey, HttpHeader, HttpQueryString", source },
  { name: "Webhook filteringattributes", does: "An update that writes none of these columns tells nothing", source },
  {
    name: "Webhook images",
    does: "Rows of sdkmessageprocessingstepimage: the row before and after, with chosen columns",
    source,
  },
  { name: "Webhook retry", does: "One more attempt after 502, 503 and 504; 60 seconds for each", source },
  {
    name: "x-ms-dynamics-msg-size-exceeded",
    does: "Over 256 KB the parameters, images and parent context are left out",
    source,
  },
];
