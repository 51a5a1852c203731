/* What the screen knows. The feed and the operator change it here; `draw` shows it. */
import { api, by, must, of, Problem, session, type S } from "./api";
import { listen, type Line, type Told } from "./feed";

export type Pane = "script" | "survey" | "order" | "complaint" | "writeup";
export type Call = Pick<S["Call"], "id" | "direction" | "state" | "queue" | "from" | "to" | "contact" | "started_at" | "answered_at">;
export type Owed = { kind: "callback" | "return_call"; id: string; phone: string; contact: string | null; why: string };

export type Person = { surname: string; name: string; email: string };

/** A contact of a campaign, with all that must be known of it; without a token it is in the hands of the call alone. */
export type Hand = Omit<S["Briefing"], "state"> & { because?: string };

/** One thing that the operator has before them: a call, a contact of a campaign, a call that is owed. The last two become calls. */
export type Work = {
  id: string;
  stage: "ready" | "ringing" | "talking" | "ended";
  call?: Call;
  talk_s?: number;
  held: boolean;
  matches: S["Match"][];
  contact: S["Contact"] | null;
  open: Record<string, any[]>;
  hand?: Hand;
  owed?: Owed;
  dialling: string;
  said?: string; // the number as people read it
  pane: Pane;
  // What is typed is kept from the first ring to the writing up, whatever is shown meanwhile: nothing is asked twice.
  // `key` is the Idempotency-Key of the form: it belongs to what was typed.
  draft: { key: string; topic: string; disposition: string; note: string; at: string };
  order: ReturnType<typeof blankOrder>;
  complaint: ReturnType<typeof blankComplaint>;
  // Who is new (`of` is empty), or how a contact is written rightly: nobody is written over with what was typed of another.
  person?: { of: string; before: Person; now: Person };
};

export const blankOrder = () => ({
  key: crypto.randomUUID() as string, typed: "", lines: [] as { product: S["Product"]; quantity: string }[], promotions: [] as string[], comment: "",
});
export const blankComplaint = () => ({
  key: crypto.randomUUID() as string, topic: undefined as string | undefined, // the call's, until another is chosen
  summary: "", severity: "medium", remedy_sought: "", decision_text: "", redress: "none", isSolved: false,
});

type Standing = Pick<S["MeAsAgent"], "state" | "pause_code" | "pending_pause" | "asked_pause" | "conflict" | "break_due" | "micro_pause">;

export const desk = {
  me: null as S["Me"] | null,
  owner: "", // whose the works are, also while nobody is signed in
  line: "connecting" as Line,
  why: "",
  agent: null as Standing | null,
  works: [] as Work[],
  shown: "",
  announcements: [] as { announcement: string; text: string; by: string }[],
  owed: new Set<string>(), // ids of callbacks and return calls
};

/** What all forms choose from, read once: a key that is pressed finds its list there. */
export const readLists = async () => {
  const query = { is_active: true, page_size: 200 };
  const [topics, ways, codes] = await Promise.all([
    must(api.GET("/api/v1/topics/", by({ ...query, ordering: "code" }))),
    must(api.GET("/api/v1/dispositions/", by({ ...query, ordering: "order" }))),
    must(api.GET("/api/v1/pause-codes/", by({ ...query, ordering: "order" }))),
  ]);
  return { topics: topics.results, ways: ways.results, codes: codes.results };
};
export type Lists = Partial<Awaited<ReturnType<typeof readLists>>>;

let redraw = () => {};
export const drawWith = (how: () => void) => (redraw = how);
export const draw = () => redraw();
export const can = (operation: string) => desk.me?.may.includes(operation) ?? false;
export const number = (work: Work) =>
  work.hand?.phone ?? work.owed?.phone ?? (work.call && (work.call.direction === "outbound" ? work.call.to : work.call.from).e164) ?? "";
/** As people read it. */
export const display = (work: Work) => work.contact?.phones.find((one) => one.number === number(work))?.display ?? work.said ?? number(work);
/** Whether something was typed that only this page knows. */
export const isUnsaved = ({ draft, order, complaint, person }: Work) =>
  [draft.disposition, draft.note, order.lines.length, complaint.summary, complaint.remedy_sought, person].some(Boolean);
export const shown = () => desk.works.find((work) => work.id === desk.shown);

/** Say something: aloud at once, or when there is time, in writing (`status`) or for ears only, where the page shows it anyway. */
let hushing = 0;
export function say(text: string, where: "alert" | "status" | "quiet" = "status"): void {
  document.getElementById(where)!.textContent = text;
  clearTimeout(hushing);
  hushing = setTimeout(() => (document.getElementById("status")!.textContent = ""), 8000);
}

export const isTyping = (element = document.activeElement) =>
  element instanceof HTMLTextAreaElement || element instanceof HTMLSelectElement ||
  (element instanceof HTMLInputElement && !["radio", "checkbox", "button"].includes(element.type));

/** Bring it before the operator's eyes. Whoever types is not disturbed, unless they asked for it. */
export function show(work: Work | undefined, asked = false): void {
  if (desk.shown && isTyping() && !asked) return draw();
  desk.shown = work?.id ?? "";
  draw();
  if (work?.stage !== "ended") document.getElementById("who")?.focus(); // the write-up takes the eyes to itself
}

function begin(work: Partial<Work> & Pick<Work, "id" | "stage">): Work {
  const pane: Pane = work.stage === "ended" || work.owed ? "writeup" : work.hand?.survey_version ? "survey" : "script";
  const draft = { key: crypto.randomUUID(), topic: "", disposition: "", note: "", at: "" };
  const forms = { draft, order: blankOrder(), complaint: blankComplaint() };
  const made: Work = { held: false, matches: [], contact: null, open: {}, dialling: "", pane, ...forms, ...work };
  desk.works.push(made);
  void complete(made);
  return made;
}

/** Find out who it is, and what is open for them, where the feed did not tell it already. */
export async function complete(work: Work): Promise<void> {
  try {
    const phone = number(work);
    if (!work.matches.length && phone) {
      const { matches, open, phone: said } = await must(api.GET("/api/v1/lookup/", by({ phone })));
      Object.assign(work, { matches, open, said: said.display });
    }
    const only = work.matches.length === 1 ? work.matches[0].contact.id : null;
    const id = work.call?.contact ?? work.hand?.contact.id ?? work.owed?.contact ?? work.contact?.id ?? only;
    const match = work.matches.find((one) => one.contact.id === id);
    work.contact = match?.contact ?? (id ? await must(api.GET("/api/v1/contacts/{id}/", of(id))) : null);
    if (work.person?.of !== (work.contact?.id ?? "")) work.person = undefined;
  } catch (problem) {
    say((problem as Problem).message);
  }
  draw();
}

export function drop(work: Work): void {
  desk.works = desk.works.filter((one) => one !== work);
  if (desk.shown !== work.id) return draw();
  desk.shown = "";
  show(desk.works[0], true);
}

/** A dialler connects them: what `next` tells whoever asks for a contact is told of the attempt that the screen pop names. */
async function brief(work: Work, attempt: string): Promise<void> {
  try {
    const { state: _, ...hand } = await must(api.GET("/api/v1/attempts/{id}/briefing/", of(attempt)));
    work.hand ??= hand;
  } catch (problem) {
    say((problem as Problem).message);
  }
  draw();
}

export function takeInHand(hand: S["ContactInHands"]): void {
  const known = desk.works.find((work) => work.hand?.attempt === hand.attempt);
  show(known ?? begin({ id: hand.attempt, stage: "ready", hand, contact: { ...hand.contact, merged_from: null } }), true);
  holdOn(hand);
}

/** Say now and then that the contact is still in these hands. */
function holdOn(hand: Hand): void {
  const { signal } = shift;
  const { token } = hand;
  if (!token) return;
  const beat = async (): Promise<void> => {
    const mine = desk.works.some((work) => work.hand?.attempt === hand.attempt);
    if (!mine || signal.aborted) return;
    // The feed tells that a lease is lost; whoever missed it is told by the answer.
    const sign = api.POST("/api/v1/attempts/{id}/heartbeat/", { ...of(hand.attempt), signal, body: { token } });
    await must(sign).catch((problem: Problem) => problem.code === "lease_lost" && lose(hand.attempt, "They are out of your hands."));
    setTimeout(beat, hand.heartbeat_every_s * 1000);
  };
  setTimeout(beat, hand.heartbeat_every_s * 1000);
}

export function owe(owed: Owed): void {
  desk.owed.delete(owed.id);
  show(desk.works.find((work) => work.id === owed.id) ?? begin({ id: owed.id, stage: "ready", owed }), true);
}

/** For whoever comes next. */
export async function giveBack({ hand, owed }: Work): Promise<void> {
  if (hand?.token) await must(api.POST("/api/v1/attempts/{id}/release/", { ...of(hand.attempt), body: { token: hand.token } }));
  else if (owed!.kind === "callback") await must(api.POST("/api/v1/callbacks/{id}/release/", { ...of(owed!.id), body: {} }));
  else await must(api.POST("/api/v1/return-calls/{id}/release/", of(owed!.id)));
}

/** It is not this operator's to call any more. Who is on the line already is written up all the same. */
function lose(id: string, why: string): void {
  const lost = desk.works.find((work) => work.id === id || work.hand?.attempt === id);
  if (!lost || lost.stage === "ended" || (lost.owed && lost.stage !== "ready")) return; // spoken with just now: that settles it
  say(`${why} ${lost.stage === "ready" ? "Take the next." : "You may still write the call up."}`, "alert");
  if (lost.stage === "ready") drop(lost);
}
const LOST: Record<string, string> = {
  taken: "A supervisor took them back.", stopped: "The campaign is over.", expired: "You had them in hand for too long.",
};

/** The work that a call belongs to; a call out belongs to whom was to be called. */
function workOf(call: Call): Work | undefined {
  return desk.works.find((work) => work.call?.id === call.id) ??
    desk.works.find((work) => !work.call && call.direction === "outbound" && number(work) === call.to.e164);
}

type Ringing = { call: Call; matches: S["Match"][]; open: Record<string, any[]> };

function told({ kind, data }: Told): void {
  if (kind === "hello" || kind === "reset") return everything(data);
  if (kind === "call.ringing") ring(data, "ringing");
  if (kind === "call.updated") {
    const goesOn = data.call.state === "in_progress";
    const work = workOf(data.call) ?? (goesOn ? begin({ id: data.call.id, stage: "ringing", call: data.call }) : undefined);
    if (!work) return;
    const isNew = work.stage !== "talking";
    Object.assign(work, { call: data.call, dialling: "" });
    if (data.changed.includes("held")) work.held = true;
    if (data.changed.includes("resumed")) work.held = false;
    if (data.changed.includes("identified")) void complete(Object.assign(work, { matches: [] }));
    if (data.changed.includes("written_up")) return work.stage === "ended" ? drop(work) : undefined;
    if (goesOn) work.stage = "talking";
    if (isNew && work.stage === "talking") show(work);
  }
  const work = desk.works.find((one) => one.call && one.call.id === (typeof data.call === "string" ? data.call : data.call?.id));
  if (kind === "call.taken" && work) (say(`Taken by ${data.by.join(", ")}.`), drop(work));
  if (kind === "call.rang_out" && work) (say("It rings no more."), drop(work));
  if (kind === "call.ended" && work) {
    // Of a campaign's contact is told how it came out, whoever answered.
    if (!work.hand?.token && (data.wrap_up !== "pending" || data.agent !== desk.me?.id)) drop(work);
    else {
      Object.assign(work, { stage: "ended", held: false, talk_s: data.talk_s, pane: isTyping() && work.pane !== "script" ? work.pane : "writeup" });
      say("The call is over: write it up.");
      show(work);
    }
  }
  if (kind === "call_request.updated") {
    const asked = desk.works.find((one) => one.stage === "ready" && one.dialling);
    if (asked) asked.dialling = data.problem || `Your phone is asked to ring: ${data.state}.`;
  }
  if (kind === "agent.state" && data.agent === desk.me?.id) desk.agent = { ...desk.agent, ...data };
  if (kind === "break.due") (Object.assign(desk.agent!, { break_due: data }), say(data.text, "quiet"));
  if (kind === "micro_pause.offered") (Object.assign(desk.agent!, { micro_pause: data }), say(data.text, "quiet"));
  if (kind === "agent.signed_in_elsewhere") desk.why = "You signed in at another screen: that one counts now.";
  if (kind === "campaign.contact_revoked") lose(data.attempt, "They may not be called any more.");
  if (kind === "campaign.contact_lost") lose(data.attempt, LOST[data.why] ?? "They are out of your hands.");
  if (kind === "announcement") (desk.announcements.push(data), say(data.text, "quiet"));
  if (kind === "announcement.withdrawn") desk.announcements = desk.announcements.filter((one) => one.announcement !== data.announcement);
  const owed: string = data.callback ?? data.return_call;
  if (/^(callback\.due|return_call\.assigned)$/.test(kind)) (desk.owed.add(owed), say("Somebody is owed a call."));
  if (kind === "callback.given_back") (desk.owed.add(owed), lose(owed, "You had it in hand for too long: anybody may call now."));
  if (/^(callback\.settled|return_call\.closed)$/.test(kind)) (desk.owed.delete(owed), lose(owed, "They need no call any more."));
  draw();
}

function ring({ call, matches, open }: Ringing, stage: Work["stage"]): void {
  const known = workOf(call);
  const work = known ?? begin({ id: call.id, stage, call, matches, open });
  Object.assign(work, { call, stage }, matches.length && { matches, open });
  const attempt = (open.campaigns ?? []).find((one) => one.call === call.id)?.attempt;
  if (attempt && !work.hand) void brief(work, attempt);
  const names = matches.map((one) => one.contact.display_name).join(" or ");
  if (stage === "ringing" && !known) say(`A call from ${names || number(work) || "a withheld number"}`, "alert");
  show(work);
}

/** All that a screen shows at first; again after a reset. What was being written stays. */
function everything(screen: any): void {
  const calls = screen.calls ?? {};
  const going = [...(calls.ringing ?? []), ...(calls.talking ?? [])].map((one: Ringing) => one.call);
  const ids = [...going, ...(calls.to_write_up ?? [])].map((call: Call) => call.id);
  desk.works = desk.works.filter((work) => !work.call || ids.includes(work.call.id));
  for (const call of calls.to_write_up ?? [])
    Object.assign(workOf(call) ?? begin({ id: call.id, stage: "ended", call }), { stage: "ended", talk_s: call.talk_s });
  for (const one of calls.talking ?? []) ring(one, "talking");
  for (const one of calls.ringing ?? []) ring(one, "ringing");
  desk.agent = { ...desk.agent, ...screen.agent };
  desk.announcements = screen.announcements ?? [];
  const owed = [screen.callbacks, screen.return_calls].flatMap((rows) => (Array.isArray(rows) ? rows : []));
  desk.owed = new Set(owed.map((one) => one.callback ?? one.return_call));
  if (!shown()) desk.shown = "";
  show(shown() ?? desk.works[0]);
}

/** All that goes on by itself for one sign-in: it ends with it, and nothing of it reaches the next person. */
let shift = new AbortController();

/** A token that is refused is forgotten. With any other trouble it is kept, and the sign-in page offers to try again. */
export async function start(token: string, id = ""): Promise<void> {
  shift.abort();
  const { signal } = (shift = new AbortController());
  keep(token, id);
  desk.why = "";
  session.onRefused = () => {
    if (desk.me) say("Your shift's token is over: sign in again. What you typed is kept.", "alert");
    forget();
  };
  const me = await must(api.GET("/api/v1/me/", { signal }));
  if (me.may.includes("agents_sign_in")) await sitDown();
  if (signal.aborted) return;
  if (desk.owner !== me.id) Object.assign(desk, { works: [], shown: "" }); // what one typed is not another's to see
  Object.assign(desk, { me, owner: me.id });
  for (const { hand } of desk.works) if (hand) holdOn(hand);
  void listen(told, (line, why = "") => (Object.assign(desk, { line, why: why || desk.why }), draw()), signal);
  draw();
}

/** Begin to work at this screen, in the morning or when nothing was heard of it for long. What is typed stays. */
export async function sitDown(): Promise<void> {
  const { signal } = shift;
  const mine = await must(api.POST("/api/v1/agents/me/sign-in/", { signal, body: { device: "The desk" } }));
  if (signal.aborted) return;
  Object.assign(desk, { agent: mine, why: "" });
  void alive(mine.session ?? "", signal);
}

/** A reload asks for no password; a closed tab forgets it. */
export function keep(token: string, id: string): void {
  Object.assign(session, { token, id });
  for (const [name, value] of Object.entries({ token, "token-id": id }))
    if (value) sessionStorage.setItem(name, value);
    else sessionStorage.removeItem(name);
}

/** Say every 20 seconds that somebody sits here. The answer tells how they stand, breaks that are due among it. */
async function alive(id: string, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      const standing = await must(api.POST("/api/v1/agents/me/heartbeat/", { signal, body: { session: id } }));
      if (signal.aborted) return;
      desk.agent = { ...desk.agent, ...standing };
      draw();
    } catch (problem) {
      if (signal.aborted) return;
      const { status, code, message } = problem as Problem;
      if (code === "not_signed_in") Object.assign(desk.agent!, { state: "offline" }); // "Available" sits down again
      if (status === 409) return (desk.why = message), draw();
    }
    await new Promise((done) => setTimeout(done, 20_000));
  }
}

/** Nobody is signed in any more. What was typed waits for its owner. */
function forget(): void {
  shift.abort();
  keep("", "");
  Object.assign(desk, { me: null, agent: null, announcements: [], owed: new Set(), why: "" });
  draw();
}

/** The server is told first: calls go elsewhere at once, and the token is worth nothing. Whoever leaves leaves, also when it does not hear. */
export async function signOut(): Promise<void> {
  shift.abort(); // a heartbeat on its way would be refused
  const { id } = session;
  let trouble = "";
  const note = (problem: Problem) => void (trouble ||= problem.status === 401 ? "" : problem.message);
  const mayRevoke = id && can("tokens_revoke");
  if (can("agents_sign_out")) await must(api.POST("/api/v1/agents/me/sign-out/", {})).catch(note);
  if (mayRevoke) await must(api.POST("/api/v1/tokens/{id}/revoke/", of(id))).catch(note);
  Object.assign(desk, { works: [], shown: "", owner: "" });
  forget();
  if (trouble) say(`Signed out at this screen only. ${trouble}`, "alert");
}
