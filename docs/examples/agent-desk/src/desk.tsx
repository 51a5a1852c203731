/* The page: signing in, the bar at the top, and what stands before the operator. Start to read here. */
import { render } from "preact";
import { useLayoutEffect, useRef, useState } from "preact/hooks";
import { api, must, of, session } from "./api";
import { Head, Who } from "./caller";
import { Complaint, Order } from "./forms";
import { Button, clock, Field, Form, Key, LETTERS, Tick, useLoad, words } from "./parts";
import { can, desk, display, draw, drawWith, drop, giveBack, isUnsaved, keep, number, owe, readLists, show, shown, signOut, sitDown, start, takeInHand } from "./state";
import type { Lists, Pane, Work } from "./state";
import { Answers, Offers, Script, Survey } from "./talk";
import { WriteUp } from "./writeup";

function SignIn() {
  const [words, set] = useState({ username: "", password: "", token: "" });
  const field = (name: keyof typeof words) => ({ name, value: words[name], set: (value: string) => set({ ...words, [name]: value }) });
  // A token that was taken but led nowhere, the server being away, is tried again as long as nothing else is typed.
  const tried = useRef(words);
  const isAgain = !!session.token && tried.current === words;
  const begin = async () => {
    if (isAgain) return start(session.token, session.id);
    tried.current = words;
    keep("", "");
    const { token, ...login } = words;
    if (token.trim()) return start(token.trim());
    const made = await must(api.POST("/api/v1/tokens/", { body: { ...login, name: "The desk" } }));
    await start(made.token, made.id);
  };
  const send = () => begin().finally(draw);
  return (
    <main class="sign-in">
      <h1>Good day</h1>
      {desk.why && <p class="problem">{desk.why}</p>}
      <Form send={send} name="Sign in" label={isAgain ? "Try again" : "Sign in"}>
        {(problem) => <><Field label="Name" autofocus autocomplete="username" {...field("username")} problem={problem} />
          <Field label="Password" type="password" autocomplete="current-password" {...field("password")} problem={problem} />
          <Field label="or a token" type="password" autocomplete="off" {...field("token")} problem={problem} /></>}
      </Form>
    </main>
  );
}

/** A window of its own: Escape closes it, and its keys are the only ones meanwhile. */
function Window({ name, close, children }: { name: string; close: () => void; children: preact.ComponentChildren }) {
  const window = useRef<HTMLDialogElement>(null);
  useLayoutEffect(() => window.current?.showModal(), []);
  return (
    <dialog ref={window} aria-label={name} onClose={close}>
      <h2>{name}</h2>
      {children}
      <Button hot="Escape" kind="quiet" onClick={() => window.current?.close()}>Close</Button>
    </dialog>
  );
}

function Breaks({ codes, close }: { codes: Lists["codes"]; close: () => void }) {
  const rest = async (code: string) => {
    desk.agent = { ...desk.agent, ...(await must(api.POST("/api/v1/agents/me/pause/", { body: { code } }))) };
    close();
    draw();
  };
  return (
    <Window name="Take a break" close={close}>
      {codes?.slice(0, 9).map((one, n) =>
        <Button key={one.code} hot={`${n + 1}`} onClick={() => rest(one.code)}>
          {one.name}{one.time_limit_s && ` · ${one.time_limit_s / 60} min`}{one.requires_approval && " · is asked for"}
        </Button>)}
    </Window>
  );
}

function Leave({ close }: { close: () => void }) {
  return (
    <Window name="Sign out?" close={close}>
      <p>Something is typed that is not saved. It is lost when you sign out.</p>
      <Button hot="Q" kind="main" onClick={signOut}>Sign out all the same</Button>
    </Window>
  );
}

/** The list is read from the page itself, so it is never out of date. */
function Help({ close }: { close: () => void }) {
  const [keys] = useState(() => [...document.querySelectorAll<HTMLElement>("[data-key]")].map((one) => {
    const named = (one.closest("label") ?? one).cloneNode(true) as HTMLElement;
    named.querySelectorAll("kbd, select, textarea").forEach((part) => part.remove());
    return [one.dataset.key!, named.textContent!.trim()];
  }));
  const [isAlt, setAlt] = useState(!!localStorage.getItem(LETTERS));
  const choose = () => (isAlt ? localStorage.removeItem(LETTERS) : localStorage.setItem(LETTERS, "1"), setAlt(!isAlt));
  return (
    <Window name="Keys" close={close}>
      <p>Keys work where you do not type; with Alt they work everywhere. Escape leaves a field, Ctrl+Enter sends a form.</p>
      <ul class="keys">{keys.map(([key, what]) => <li key={key + what}><Key of={key} /> {what}</li>)}</ul>
      <Tick label="Only with Alt" on={isAlt} set={choose} />
    </Window>
  );
}

function Bar({ codes }: { codes: Lists["codes"] }) {
  const [open, setOpen] = useState("");
  const shut = (name: string) => () => setOpen((now) => (now === name ? "" : now)); // a browser says late that one was closed
  const { agent } = desk;
  const available = async () => {
    if (agent!.state === "offline") await sitDown();
    else desk.agent = { ...agent!, ...(await must(api.POST("/api/v1/agents/me/available/", {}))) };
    draw();
  };
  const micro = async (take: boolean) => {
    desk.agent = { ...agent!, ...(await must(api.POST("/api/v1/agents/me/micro-pause/", { body: { take } }))), micro_pause: null };
    draw();
  };
  const leave = () => (desk.works.some(isUnsaved) ? setOpen("leave") : signOut());
  const line = { connecting: "Connecting …", live: "Live", waiting: "Coming back …", ended: "Ended" }[desk.line];
  return (
    <header class="bar">
      <p>
        <b>{desk.me!.display_name}</b>{" "}
        {agent && <span class={`state ${agent.state}`}>{words(agent.state)}{agent.pause_code && `: ${words(agent.pause_code)}`}</span>}
        <span class={`line ${desk.line}`} id="line">{line}</span>
      </p>
      {agent && <nav aria-label="How you stand">
        {["paused", "lagged", "offline"].includes(agent.state) && <Button hot="A" kind="main" onClick={available}>Available</Button>}
        <Button hot="B" onClick={() => setOpen("break")}>Break</Button>
        <Button hot="?" kind="quiet" onClick={() => setOpen("help")}>Keys</Button>
        <Button hot="Q" kind="quiet" onClick={leave}>Sign out</Button>
      </nav>}
      {desk.why && <p class="problem">{desk.why}</p>}
      {agent?.pending_pause && <p class="hint">Your break begins after this call.</p>}
      {agent?.asked_pause && <p class="hint">Your lead is asked for the pause.</p>}
      {agent?.conflict && <p class="hint">{words(agent.conflict)}.</p>}
      {agent?.break_due && agent.state !== "paused" &&
        <p class="hint rest" id="break-due"><b>{agent.break_due.text}</b> {agent.break_due.stretch}</p>}
      {agent?.micro_pause &&
        <p class="hint rest">
          {agent.micro_pause.text} <Button hot="M" onClick={() => micro(true)}>Take a moment</Button>
          <Button kind="quiet" onClick={() => micro(false)}>No, thank you</Button>
        </p>}
      {desk.announcements.map((one) => <p class="hint" key={one.announcement}>{one.text} <small>{one.by}</small></p>)}
      {open === "break" && <Breaks codes={codes} close={shut("break")} />}
      {open === "leave" && <Leave close={shut("leave")} />}
      {open === "help" && <Help close={shut("help")} />}
    </header>
  );
}

/** What a contact of a campaign is called for, and the ways to call or to give back. */
function Outgoing({ work }: { work: Work }) {
  const { hand, owed } = work;
  const dial = async () => {
    if (hand) await must(api.POST("/api/v1/attempts/{id}/dial/", { ...of(hand.attempt), body: { token: hand.token! } }));
    else {
      const { phone, contact, kind, id } = owed!;
      const body = { phone, contact: contact ?? undefined, reason: kind, purpose: "service" as const, origin: { kind, id } };
      await must(api.POST("/api/v1/call-requests/", { body }));
    }
    work.dialling = "Your phone rings in a moment.";
    draw();
  };
  const back = async () => {
    await giveBack(work);
    drop(work);
  };
  return (
    <section aria-label="Why they are called" class="outgoing">
      <p>{hand ? <><b>{hand.campaign.name}</b> · {hand.because && `${hand.because} · `}attempt {hand.number_of_attempt}</> : owed!.why}</p>
      {hand?.campaign.about && <p class="hint">{hand.campaign.about}</p>}
      {hand?.promise && <p class="hint">Promised for {hand.promise.local_time.slice(11, 16)} by their clock. {hand.promise.note}</p>}
      {hand?.attempts.map((one) =>
        <p class="quiet" key={one.number}>Attempt {one.number}: {clock(one.at)} {words(one.disposition ?? one.outcome)}</p>)}
      {work.stage === "ready" && <p class="row"><a href={`tel:${number(work)}`}>{display(work)}</a>
        {can(hand ? "attempts_dial" : "call_requests_create") && <Button hot="D" kind="main" onClick={dial}>Call them</Button>}
        <Button hot="X" kind="quiet" onClick={back}>Give back</Button></p>}
    </section>
  );
}

function Before({ work, lists }: { work: Work; lists: Lists }) {
  const panes: [Pane, string, string, boolean][] = [
    ["script", "Script", "S", true],
    ["survey", "Survey", "Y", !!work.hand?.survey_version && can("survey_responses_create")],
    ["order", "Order", "O", can("orders_create")],
    ["complaint", "Complaint", "C", can("complaints_create")],
    ["writeup", "Write up", "W", work.stage !== "ringing"],
  ];
  const open = (pane: Pane) => ((work.pane = pane), draw());
  return (
    <main class={`work ${work.stage}`} key={work.id}>
      <Head work={work} />
      <div class="pane">
        {(work.hand || work.owed) && <Outgoing work={work} />}
        <nav aria-label="What to do" class="panes">
          {panes.filter(([, , , may]) => may).map(([pane, name, key]) =>
            <Button key={pane} hot={key} pressed={work.pane === pane} onClick={() => open(pane)}>{name}</Button>)}
        </nav>
        {work.pane === "script" && <Script work={work} />}
        {work.pane === "survey" && <Survey work={work} />}
        {work.pane === "order" && <Order work={work} />}
        {work.pane === "complaint" && <Complaint work={work} lists={lists} />}
        {work.pane === "writeup" && <WriteUp work={work} lists={lists} />}
      </div>
      <aside class="answers-side" aria-label="Answers and offers"><Answers work={work} lists={lists} /><Offers work={work} /></aside>
      <aside class="who-side" aria-label="The caller"><Who work={work} /></aside>
    </main>
  );
}

function Quiet() {
  const [nobody, setNobody] = useState("");
  const next = async () => {
    const { in_hand, next_at } = await must(api.POST("/api/v1/agents/me/next/", {}));
    setNobody(in_hand ? "" : `Nobody can be called now.${next_at ? ` Ask again at ${clock(next_at)}.` : ""}`);
    if (in_hand) takeInHand(in_hand);
  };
  const owed = async () => {
    const back = await must(api.POST("/api/v1/callbacks/next/", {}));
    if (back) return owe({ ...back, kind: "callback", why: `Promised for ${clock(back.at)}. ${back.note}` });
    const call = await must(api.POST("/api/v1/return-calls/next/", {}));
    const why = call && `${words(call.reason)} · called ${call.times_called} × · ${call.note}`;
    if (call) return owe({ ...call, kind: "return_call", phone: call.number.e164 ?? "", why });
    setNobody("Nobody is owed a call.");
  };
  return (
    <main class="quiet-time">
      <h1 id="who" tabIndex={-1}>Nothing rings</h1>
      <p>A call pops up here by itself. Meanwhile:</p>
      <p class="row">{can("campaigns_my_next") && <Button hot="N" kind="main" onClick={next}>Next contact of a campaign</Button>}
        {can("return_calls_next") && <Button hot="R" onClick={owed}>Call that is owed{desk.owed.size ? ` (${desk.owed.size})` : ""}</Button>}</p>
      <p role="status">{nobody}</p>
    </main>
  );
}

function Desk() {
  const lists = useLoad(desk.me?.id ?? "", readLists);
  if (!desk.me) return <SignIn />;
  const work = shown();
  const others = desk.works.filter((one) => one !== work);
  return (
    <>
      <Bar codes={lists?.codes} />
      {others.length > 0 &&
        <nav class="others" aria-label="What else waits">
          {others.map((one, n) =>
            <Button key={one.id} hot={n ? undefined : "G"} kind={one.stage} onClick={() => show(one, true)}>
              {words(one.stage === "ended" ? "to write up" : one.stage)}: {one.contact?.display_name ?? (display(one) || "Internal call")}
            </Button>)}
        </nav>}
      {work ? <Before work={work} lists={lists ?? {}} /> : <Quiet />}
    </>
  );
}

drawWith(() => {
  const ringing = desk.me && desk.works.find((one) => one.stage === "ringing");
  document.title = ringing ? `☎ ${ringing.contact?.display_name ?? number(ringing)}` : "Desk";
  render(<Desk />, document.getElementById("desk")!);
});
const kept = sessionStorage.getItem("token");
if (kept) start(kept, sessionStorage.getItem("token-id") ?? "").catch((problem: Error) => ((desk.why = problem.message), draw()));
draw();
