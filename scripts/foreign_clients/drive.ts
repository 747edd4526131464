// A small day's work with the types that openapi-typescript made of the document, over openapi-fetch.
// Arguments: URL, login, password, a JPEG file.
import { createHash, randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import createClient from "openapi-fetch";
import type { components, paths } from "./api.js";

type Schemas = components["schemas"];

const [url, login, password, photo] = process.argv.slice(2) as [string, string, string, string];
const FINDINGS = 3;
const PAGE = 2;

/** The answer, where there is one; a problem ends the program with its words. */
function given<T>(answer: { data?: T | undefined; error?: unknown; response: Response }): T {
  if (answer.data === undefined) throw new Error(`${answer.response.status} ${JSON.stringify(answer.error)}`);
  return answer.data;
}

function bearer(token: string) {
  return createClient<paths>({ baseUrl: url, headers: { Authorization: `Bearer ${token}` } });
}

/** Every page after the cursor. */
async function pullAll(replica: string, cursor: string | null) {
  const changes: Schemas["Change"][] = [];
  const results: Schemas["Result"][] = [];
  for (let more = true; more; ) {
    const page = given(await person.POST("/api/v1/sync/pull", { body: { replica, cursor } }));
    changes.push(...page.changes);
    results.push(...page.results);
    cursor = page.cursor;
    more = page.more;
  }
  return { changes, results, cursor };
}

/** The body of a push: the header and its operations, a line each. */
function lines(header: Schemas["PushHeader"], operations: Schemas["Operation"][]): string {
  return [header, ...operations].map((line) => `${JSON.stringify(line)}\n`).join("");
}

async function push(body: string): Promise<Schemas["PushAnswer"]> {
  return given(
    await phone.POST("/api/v1/sync/ops", {
      body,
      bodySerializer: (bytes) => bytes,
      headers: { "Content-Type": "application/x-ndjson" },
    }),
  );
}

function expect(holds: boolean, what: string, seen: unknown): void {
  if (!holds) throw new Error(`${what}: ${JSON.stringify(seen)}`);
}

const anybody = createClient<paths>({ baseUrl: url });
const hello = given(await anybody.GET("/api/v1/sync/hello"));
const session = given(await anybody.POST("/api/v1/sessions", { body: { login, password } }));
const person = bearer(session.access_token);
const store = { install_id: randomUUID(), platform: "openapi-typescript", app_version: "1", schema: hello.schema };
const registered: Schemas["ReplicaRegistered"] = given(await person.POST("/api/v1/replicas", { body: store }));
const phone = bearer(registered.credential);

const before = await pullAll(registered.replica, null);
const categories = before.changes.flatMap((change) => (change.k === "put" && change.type === "category" ? [change.doc] : []));
const category = categories.find((each) => each.conditions.length > 0);
if (category === undefined) throw new Error("no category was pulled");

const content = readFileSync(photo);
const sha256 = createHash("sha256").update(content).digest("hex");
const [patrol, finding, opened] = [randomUUID(), randomUUID(), randomUUID()];
const now = Date.now();
const at = (secondsAgo: number) => new Date(now - secondsAgo * 1000).toISOString();
const declared: Schemas["Photo"] = {
  id: randomUUID(),
  sha256,
  bytes: content.length,
  mime: "image/jpeg",
  role: "before",
  taken_at: at(30),
};
const body = lines(
  { h: 1, replica: registered.replica, epoch: registered.epoch, sent_at: at(0), boot: "b1", mono_ms: 60_000, outbox_depth: 1 + FINDINGS },
  [
    {
      op: opened,
      seq: registered.next_seq,
      t: "open_patrol",
      v: 1,
      at: at(40),
      boot: "b1",
      mono_ms: 20_000,
      e: { type: "patrol", id: patrol, base: null },
      d: {},
    },
    ...Array.from(
      { length: FINDINGS },
      (_, index): Schemas["RecordFindingOperation"] => ({
        op: randomUUID(),
        seq: registered.next_seq + 1 + index,
        t: "record_finding",
        v: 1,
        at: at(30 - index),
        boot: "b1",
        mono_ms: 30_000 + 1000 * index,
        deps: [opened],
        e: { type: "finding", id: index === 0 ? finding : randomUUID(), base: null },
        d: {
          patrol,
          category: { kind: category.kind, code: category.code },
          place: { lon: 120.3, lat: 30.42, datum: "WGS-84", accuracy_m: 5 },
          note: "typed by the document",
          photos: index === 0 ? [declared] : [],
        },
      }),
    ),
  ],
);
const pushed = await push(body);
expect(pushed.acked_through === 1 + FINDINGS && pushed.results.every((result) => result.status === "applied"), "the push became", pushed);
const again = await push(body);
expect(
  again.results.every((result) => result.status === "duplicate" && result.original?.status === "applied"),
  "the second push became",
  again,
);

const sent = await phone.PUT("/api/v1/blobs/sha256/{sha256}", {
  params: { path: { sha256 } },
  body: content as unknown as string,
  bodySerializer: (bytes) => bytes,
  headers: { "Content-Type": "application/octet-stream" },
});
expect(sent.response.status === 201, "the photo was answered with", sent.error);
const states = given(await phone.POST("/api/v1/blobs/status", { body: { sha256: [sha256] } }));
expect(states[sha256]?.state === "stored", "the photo is", states);

const after = await pullAll(registered.replica, before.cursor);
const docs = after.changes.flatMap((change) => (change.k === "put" && change.type === "finding" ? [change.doc] : []));
const doc = docs.find((each) => each.id === finding);
expect(doc?.patrol === patrol && doc.photos[0]?.sha256 === sha256, "the finding came back as", doc);
const settled = new Set(after.results.map((result) => result.op));
expect(
  pushed.results.every((result) => settled.has(result.op)),
  "the outcomes pulled are",
  after.results,
);

const found: string[] = [];
let pages = 0;
for (let cursor: string | null = ""; cursor !== null; pages += 1) {
  const query = { mine: true, since: at(86_400), limit: PAGE, ...(cursor ? { cursor } : {}) };
  const page: Schemas["FindingPage"] = given(await person.GET("/api/v1/findings", { params: { query } }));
  found.push(...page.items.map((item) => item.id));
  cursor = page.next;
}
expect(found.includes(finding) && pages > 1 && new Set(found).size === found.length, `the worklist on ${pages} pages`, found);
const shown = given(await person.GET("/api/v1/findings/{finding}", { params: { path: { finding } } }));
const missing = await person.GET("/api/v1/findings/{finding}", { params: { path: { finding: randomUUID() } } });
expect(missing.error?.type === "/problems/not_found", "a finding that is not there", missing.error);
console.log(
  `${after.changes.length} changes pulled after the push, ${found.length} findings on ${pages} pages, ` +
    `${doc?.number} with ${shown.history.length} entries`,
);
