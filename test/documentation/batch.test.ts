import { type Exchange, id, replay } from "./replay.ts";

const HEAD = "Content-Type: application/http\nContent-Transfer-Encoding: binary\n";
const type = (boundary: string) => ({ "content-type": `multipart/mixed; boundary="${boundary}"` });
/** Lines as the page prints them; on the wire they end in CRLF. */
const wire = (text: string) => text.replaceAll("\n", "\r\n");
const task = (subject: string) =>
  `POST /api/data/v9.2/tasks HTTP/1.1\nContent-Type: application/json; type=entry\n\n{\n  "subject": "${subject}",\n  "regardingobjectid_account_task@odata.bind": "accounts(${id(1)})"\n}\n`;
const READ = `GET /api/data/v9.2/accounts(${id(1)})/Account_Tasks?$select=subject HTTP/1.1\n\n\n`;
const parts = (boundary: string, ...bodies: string[]) =>
  wire(`${bodies.map((body) => `--${boundary}\n${HEAD}\n${body}`).join("")}--${boundary}--\n`);
const inSet = (...operations: string[]) =>
  wire(
    `--batch_1\nContent-Type: multipart/mixed; boundary="changeset_1"\n\n${operations
      .map((body, n) => `--changeset_1\n${HEAD}Content-ID: ${n + 1}\n\n${body}`)
      .join("")}--changeset_1--\n\n--batch_1--\n`,
  );
const post = (set: string, body: object) =>
  `POST {org}/api/data/v9.2/${set} HTTP/1.1\nContent-Type: application/json\n\n${JSON.stringify(body)}\n\n`;
const batch = (title: string, body: string, status: number, text: RegExp, more: Partial<Exchange> = {}): Exchange => ({
  title,
  request: ["POST", "v9.2/$batch", body, type("batch_1")],
  status,
  headers: { "OData-Version": "4.0", "Content-Type": /^multipart\/mixed; boundary=batchresponse_/ },
  text,
  ...more,
});
const CREATED = String.raw`HTTP\/1\.1 204 No Content\r\nOData-Version: 4\.0\r\nLocation: \S+\r\nOData-EntityId: \S+\r\n\r\n\r\n--[\s\S]*`;
const TOO_LONG = `Subject is too long ${"x".repeat(190)}`;
const REFUSED = String.raw`HTTP\/1\.1 400 Bad Request\r\nREQ_ID: \S+\r\nContent-Type: application\/json; odata\.metadata=minimal\r\nOData-Version: 4\.0\r\n\r\n\{"error":\{"code":"0x80044331","message":"A validation error occurred\.  The length of the 'subject' attribute of the 'task' entity exceeded the maximum allowed length of '200'\."\}\}\r\n--`;
const LISTED = String.raw`HTTP\/1\.1 200 OK\r\nContent-Type: application\/json; odata\.metadata=minimal; odata\.streaming=true\r\nOData-Version: 4\.0\r\n\r\n\{"@odata\.context":"[^"]*#tasks\(subject\)"`;

replay(
  "webapi/execute-batch-operations-using-web-api.md",
  [
    batch(
      "Batch requests: three tasks and their list",
      parts("batch_1", task("Task 1 in batch"), task("Task 2 in batch"), task("Task 3 in batch"), READ),
      200,
      new RegExp(CREATED.repeat(3) + LISTED),
    ),
    batch(
      "Change sets",
      inSet(task("Task 1 in batch"), task("Task 2 in batch"), task("Task 3 in batch")),
      200,
      /multipart\/mixed; boundary=changesetresponse_[\s\S]*Content-ID: 1\r\n[\s\S]*Content-ID: 2\r\n[\s\S]*Content-ID: 3\r\n/,
      { after: [[`v9.2/accounts(${id(1)})/Account_Tasks?$select=subject`, 200, { value: [{}, {}, {}] }]] },
    ),
    batch(
      "Reference URIs in request body",
      inSet(
        post("leads", { firstname: "first name", lastname: "last name" }),
        post("contacts", { firstname: "first name" }),
        post("accounts", {
          name: "IcM Account",
          "originatingleadid@odata.bind": "$1",
          "primarycontactid@odata.bind": "$2",
        }),
      ),
      200,
      new RegExp(CREATED.repeat(3)),
    ),
    batch(
      "Reference URI in request URL",
      inSet(
        post("contacts", { firstname: "First Name", lastname: "Last name", contactid: id(2) }),
        'PUT $1/lastname HTTP/1.1\nContent-Type: application/json\n\n{\n  "value":"BBBBB"\n}\n\n',
      ),
      200,
      /Content-ID: 2\r\n\r\nHTTP\/1\.1 204 No Content\r\nOData-Version: 4\.0\r\n/,
      { after: [[`v9.2/contacts(${id(2)})/lastname`, 200, { value: "BBBBB" }]] },
    ),
    batch(
      "Reference URIs in URL and request body using @odata.id",
      inSet(
        post("accounts", { name: "Account Name", accountid: id(3) }),
        post("contacts", { firstname: "Contact first name", contactid: id(2) }),
        'PUT $1/primarycontactid/$ref HTTP/1.1\nContent-Type:application/json\n\n{"@odata.id":"$2"}\n\n',
      ),
      200,
      /Content-ID: 3\r\n\r\nHTTP\/1\.1 204 No Content/,
      { after: [[`v9.2/accounts(${id(3)})?$select=_primarycontactid_value`, 200, { _primarycontactid_value: id(2) }]] },
    ),
    batch(
      "Reference URIs in URL and navigation properties",
      inSet(
        post("accounts", { name: "Account name", accountid: id(3) }),
        post("contacts", { firstname: "Contact first name", contactid: id(2) }),
        'PATCH $1 HTTP/1.1\nContent-Type: application/json\n\n{\n  "primarycontactid@odata.bind":"$2"\n}\n\n',
      ),
      200,
      /Content-ID: 3\r\n\r\nHTTP\/1\.1 204 No Content\r\nOData-Version: 4\.0\r\nLocation: \S+accounts\(0/,
      { after: [[`v9.2/accounts(${id(3)})?$select=_primarycontactid_value`, 200, { _primarycontactid_value: id(2) }]] },
    ),
    batch(
      "Referencing a Content-ID before it has been declared",
      inSet(
        post("phonecalls", { phonenumber: "911", "regardingobjectid_account_phonecall@odata.bind": "$2" }),
        post("accounts", { name: "QQQQ", revenue: 1.5 }),
      ),
      400,
      /Content-ID Reference: '\$2' does not exist in the batch context\./,
    ),
    batch(
      "Handling errors",
      parts("batch_1", task(TOO_LONG), task("Task 2 in batch"), task("Task 3 in batch")),
      400,
      new RegExp(String.raw`^\S+\r\n[\s\S]*${REFUSED}\S+--\r\n$`),
    ),
    batch(
      "Handling errors with odata.continue-on-error",
      parts("batch_1", task(TOO_LONG), task("Task 2 in batch"), task("Task 3 in batch")),
      200,
      new RegExp(`${REFUSED}[\\s\\S]*${CREATED.repeat(2)}`),
      {
        request: [
          "POST",
          "v9.2/$batch",
          parts("batch_1", task(TOO_LONG), task("Task 2 in batch"), task("Task 3 in batch")),
          { ...type("batch_1"), Prefer: "odata.continue-on-error" },
        ],
      },
    ),
  ],
  [["PATCH", `v9.2/accounts(${id(1)})`, { name: "Contoso" }]],
);
