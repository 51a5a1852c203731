// The main job with the generated TypeScript client: a call comes in, is worked on and written up, and a campaign is worked.
//
// docs/clients.md tells how the types are made. main_job.py does the same in Python, and both print the same lines.

import createClient, { type Middleware } from "openapi-fetch";
import type { components, paths } from "./switchboard";

// Under Node.js settings come from the environment; in a browser they come from wherever your screens keep theirs.
declare const process: { env: Record<string, string | undefined> };
const { URL: url = "", NAME: name = "", PASSWORD: password = "", AGENT = "", PHONE_SYSTEM = "" } = process.env;

type Schemas = components["schemas"];
const run = crypto.randomUUID().slice(0, 8); // so that it may run again on the same server
const phones = Array.from({ length: 3 }, () => `+4930${10_000_000 + Math.floor(Math.random() * 90_000_000)}`);
const pause = (seconds: number) => new Promise((done) => setTimeout(done, seconds * 1000));
const print = (...words: unknown[]) => console.log(words.join(" "));

/** What the server answered instead. Switch on `problem.code`, show `problem.detail`. */
class Refused extends Error {
  constructor(readonly problem: Schemas["Problem"]) {
    super(`${problem.code}: ${problem.detail}`);
  }
}

/** The answer, or Refused: a client that goes on with a problem as if it were an order writes nonsense. */
async function good<Good>(asked: Promise<{ data?: Good; error?: Schemas["Problem"]; response: Response }>): Promise<Good> {
  const { data, error } = await asked;
  if (error) throw new Refused(error);
  return data as Good; // undefined only where the document says that no body comes
}

/** Sends again what was answered with 429 or 503. Every POST has a key, so nothing is done twice by that. */
async function patient(request: Request): Promise<Response> {
  for (let trial = 0; ; trial++) {
    const answer = await fetch(request.clone());
    if (trial === 4 || (answer.status !== 429 && answer.status !== 503)) return answer;
    await pause(Number(answer.headers.get("Retry-After") ?? "1"));
  }
}

const keys: Middleware = {
  onRequest({ request }) {
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", crypto.randomUUID());
    return request;
  },
};

function signedIn(token: string) {
  const client = createClient<paths>({ baseUrl: url, fetch: patient, headers: { Authorization: `Bearer ${token}` } });
  client.use(keys);
  return client;
}
type Client = ReturnType<typeof signedIn>;

async function signIn(username: string, secret: string): Promise<Client> {
  const client = createClient<paths>({ baseUrl: url });
  return signedIn((await good(client.POST("/api/v1/tokens/", { body: { username, password: secret, name: "The main job" } }))).token);
}

/** Page after page. `next` is the address of the next page; its cursor is what the list takes. */
async function* contactsOf(client: Client, tag: string) {
  let cursor: string | undefined;
  do {
    const page = await good(client.GET("/api/v1/contacts/", { params: { query: { tag: [tag], page_size: 2, cursor } } }));
    yield page.results;
    cursor = page.next ? (new URL(page.next).searchParams.get("cursor") ?? undefined) : undefined;
  } while (cursor);
}

/** What a phone system posts while somebody calls. The answer to the first event says who it is. */
async function aCall(phoneSystem: Client, agent: Client): Promise<Schemas["Call"]> {
  const tell = (body: Schemas["EventsBodyRequest"]) =>
    good(phoneSystem.POST("/api/v1/calls/events/", { params: { query: { phone_system: "demo-pbx" } }, body }));
  const { matches = [], call: begun } = await tell({
    type: "call.initiated", call_id: run, direction: "inbound", from: phones[0], to: "+49 30 901820",
  });
  if (!begun) throw new Error("The call waits to be put together: ask for it by its external_id in a second.");
  print("calls:", matches[0].contact.display_name, matches[0].quality);
  for (const type of ["leg.ringing", "leg.answered"]) await tell({ type, call_id: run, agent: { extension: "201" } });
  // Too early: a problem is an answer like another. Its code is stable, its words are for people.
  const params = { path: { id: begun.id } };
  const { error } = await agent.POST("/api/v1/calls/{id}/wrap-up/", { params, body: { disposition: "helped" } });
  if (error) print("refused:", error.status, error.code);
  await tell({ type: "call.ended", call_id: run, hangup_by: "caller" });
  const call = await good(agent.GET("/api/v1/calls/{id}/", { params }));
  print("call:", call.direction, call.state, call.outcome, call.wrap_up_state);
  return call;
}

/** If-Match: what somebody else changed meanwhile is not overwritten. */
async function change(agent: Client, id: string): Promise<void> {
  const seen = await agent.GET("/api/v1/contacts/{id}/", { params: { path: { id } } });
  const params = { path: { id }, header: { "If-Match": seen.response.headers.get("ETag") ?? undefined } };
  const body = { emails: [{ email: "kowalski@example.com" }] };
  const changed = await good(agent.PATCH("/api/v1/contacts/{id}/", { params, body }));
  print("changed:", changed.display_name, changed.emails[0].email);
  const { error } = await agent.PATCH("/api/v1/contacts/{id}/", { params, body });
  if (error) print("refused:", error.status, error.code);
}

/** The same key again gives the same order: pressed twice, or sent again after a broken line. */
async function order(agent: Client, contact: string, call: Schemas["Call"]): Promise<void> {
  const params = { header: { "Idempotency-Key": crypto.randomUUID() } };
  const body: Schemas["OrderBodyRequest"] = {
    contact,
    currency: "EUR",
    lines: [{ name: "Fitting", unit: "h", unit_price: "41.50", quantity: "1.5", vat_rate: "19" }],
    origin: { kind: "call", id: call.id },
    place: true,
  };
  const placed = await good(agent.POST("/api/v1/orders/", { params, body }));
  const again = await good(agent.POST("/api/v1/orders/", { params, body }));
  print("order:", placed.status, placed.total, placed.currency, again.id === placed.id ? "once" : "twice");
}

/** With a file: bytes go up as multipart/form-data and come down as they are. */
async function complaint(agent: Client, contact: string, call: Schemas["Call"]): Promise<void> {
  const body = { contact, channel: "call" as const, summary: "The box was open", origin: { kind: "call", id: call.id } };
  const made = await good(agent.POST("/api/v1/complaints/", { body }));
  const said = "Größe und Gewicht: siehe Foto.\n";
  const form = new FormData();
  form.append("file", new Blob([said], { type: "text/plain" }), "note.txt");
  const kept = await good(
    agent.POST("/api/v1/complaints/{id}/attachments/", {
      params: { path: { id: made.id } },
      body: { file: "" }, // the types know no bytes and call a file a string: what is sent is the form
      bodySerializer: () => form,
    }),
  );
  const got = await good(agent.GET("/api/v1/attachments/{id}/content/", { params: { path: { id: kept.id } }, parseAs: "arrayBuffer" }));
  const same = new TextDecoder().decode(got) === said;
  print("complaint:", made.status, kept.content_type, kept.size, same ? "the same bytes" : "other bytes");
}

/** A lead makes it and starts it, an operator takes the next contact and says what came of it. */
async function campaign(lead: Client, agent: Client, me: Schemas["Me"], tag: string): Promise<void> {
  const days = ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"] as const;
  const week = days.map((weekday) => ({ weekday, opens: "00:00", closes: "24:00" }));
  // Only because this may run at night: nobody is called at an hour at which the window of the purpose is closed.
  const window = await lead.POST("/api/v1/calling-windows/", { body: { name: `Service ${run}`, purpose: "service", week } });
  // There already: that one will do.
  if (window.error && window.error.code !== "one_active_calling_window_per_purpose") throw new Refused(window.error);
  const made = await good(
    lead.POST("/api/v1/campaigns/", {
      body: {
        name: `Fittings ${run}`, kind: "service", purpose: "service", agents: [me.id], hours: week,
        sources: [{ kind: "filter", query: { tag } }],
      },
    }),
  );
  const params = { path: { id: made.id } };
  await good(lead.POST("/api/v1/campaigns/{id}/audience/", { params }));
  let audience = await good(lead.GET("/api/v1/campaigns/{id}/audience/", { params }));
  while (["waiting", "running"].includes(audience.runs[0].status)) {
    await pause(0.3);
    audience = await good(lead.GET("/api/v1/campaigns/{id}/audience/", { params }));
  }
  const running = await good(lead.POST("/api/v1/campaigns/{id}/start/", { params, body: { force: true, reason: "Tried by hand." } }));
  print("campaign:", running.status, audience.targets);
  const { in_hand: hand, next_at } = await good(agent.POST("/api/v1/campaigns/{id}/next/", { params }));
  if (!hand) throw new Error(`Nobody may be called now: ask again at ${next_at}.`);
  const attempt = await good(
    agent.POST("/api/v1/attempts/{id}/report/", {
      params: { path: { id: hand.attempt } },
      body: { token: hand.token, outcome: "answered", disposition: "helped", note: "Content." },
    }),
  );
  print("attempt:", hand.contact.display_name, attempt.number, attempt.state, attempt.outcome, attempt.disposition);
  const over = await good(lead.POST("/api/v1/campaigns/{id}/cancel/", { params, body: { reason: "Tried." } }));
  print("campaign:", over.status);
}

async function main(): Promise<void> {
  const [lead, agent] = [await signIn(name, password), signedIn(AGENT)];
  const me = await good(agent.GET("/api/v1/me/"));
  print("operator:", me.display_name, me.role);
  const tag = `clients-${run}`;
  const contacts = phones.map((number) => ({ surname: "Kowalski", phones: [{ number }], tags: [tag] }));
  const added = await good(agent.POST("/api/v1/contacts/bulk/", { body: { contacts } }));
  print("added:", ...added.results.map((row) => row.verdict));
  const sizes = [];
  for await (const page of contactsOf(agent, tag)) sizes.push(page.length);
  print("pages:", ...sizes);
  const query = { phone: phones[0].replace("+49", "0"), region: "DE" };
  const { contact, quality } = (await good(agent.GET("/api/v1/lookup/", { params: { query } }))).matches[0];
  print("found:", contact.display_name, quality, contact.lifecycle);
  const { error } = await agent.POST("/api/v1/contacts/", { body: { surname: "Diaz", emails: [{ email: "diaz" }] } });
  if (error) print("refused:", error.status, error.code, ...(error.errors ?? []).map((wrong) => wrong.pointer));
  const call = await aCall(signedIn(PHONE_SYSTEM), agent);
  await change(agent, contact.id);
  await order(agent, contact.id, call);
  await complaint(agent, contact.id, call);
  const params = { path: { id: call.id } };
  const done = await good(agent.POST("/api/v1/calls/{id}/wrap-up/", { params, body: { disposition: "helped", note: "Took a fitting." } }));
  print("written up:", done.wrap_up_state, done.disposition);
  await campaign(lead, agent, me, tag);
}

await main();
