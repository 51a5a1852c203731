/* Who it is: known, one of several, or nobody yet; what is open for them, and what happened last. */
import { useState } from "preact/hooks";
import { api, must, of, ofBy, ofOnce, Problem, type S } from "./api";
import { Button, clock, day, Field, Form, useLoad, words } from "./parts";
import { can, complete, display, draw, say, type Person, type Work } from "./state";

const nameOf = (work: Work) =>
  work.contact?.display_name ??
  (work.matches.length > 1 ? work.matches.map((one) => one.contact.display_name).join(" or ") : display(work) || "Number withheld");

const STAGE = { ready: "To be called", ringing: "Rings at your desk", talking: "On the line", ended: "To write up" };

/** The biggest thing on the screen. */
export function Head({ work }: { work: Work }) {
  const { contact, call } = work;
  const about = contact && [display(work), contact.language, contact.addresses[0]?.city, words(contact.lifecycle), ...contact.tags];
  const facts = [...(about ?? []), call?.queue && `queue ${call.queue}`];
  const local = contact?.time_zone && new Date().toLocaleTimeString([], { hour: "2-digit", minute: "2-digit", timeZone: contact.time_zone });
  return (
    <header class={`head ${work.stage}`}>
      <p class="stage">{work.held ? "On hold" : STAGE[work.stage]}{call && ` · since ${clock(call.answered_at ?? call.started_at)}`}</p>
      <h1 id="who" tabIndex={-1}>{nameOf(work)}</h1>
      <p>{facts.filter(Boolean).join(" · ")}{local && ` · ${local} by their clock`}</p>
      {work.dialling && <p role="status">{work.dialling}</p>}
    </header>
  );
}

async function identify(work: Work, body: S["IdentifyBodyRequest"], key = crypto.randomUUID() as string): Promise<void> {
  await must(api.POST("/api/v1/calls/{id}/identify/", { ...ofOnce(work.call!.id, key), body }));
  work.call!.contact = body.contact ?? null;
  work.person = undefined;
  work.matches = []; // whoever is new is found by the number now
  await complete(work);
  say(`The call is ${work.contact?.display_name ?? "known"}'s.`);
}

/** What is typed of a person, kept on the work; what was typed of another is none of theirs. */
function typed(work: Work, of: string, before: Person) {
  const kept = work.person?.of === of ? work.person : { of, before, now: before };
  return { ...kept, put: (some: Partial<Person>) => ((work.person = { ...kept, now: { ...kept.now, ...some } }), draw()) };
}

function Unknown({ work }: { work: Work }) {
  const { now: person, put } = typed(work, "", { surname: work.call?.from.name ?? "", name: "", email: "" });
  const [same, setSame] = useState<{ contact: string; display_name?: string; reasons: string[] }[]>([]);
  const field = (name: keyof typeof person) => ({
    name: `new_contact/${name === "email" ? "emails" : name}`,
    value: person[name],
    set: (value: string) => put({ [name]: value }),
  });
  const send = async (key: string) => {
    const { email, ...names } = person;
    const insist = same.length ? { force: true, reason: "The operator saw who is alike." } : {};
    const new_contact = { kind: "person" as const, ...names, emails: email ? [{ email }] : [], ...insist };
    try {
      await identify(work, { new_contact }, key);
    } catch (problem) {
      if ((problem as Problem).code === "duplicate_contact") setSame((problem as Problem).body.candidates as typeof same);
      throw problem;
    }
  };
  return (
    <section aria-label="Who is it?">
      <h2>We do not know this number</h2>
      <Form send={send} name="New contact" label={same.length ? "Add them all the same" : "Add them"}>
        {(problem) => <>
          <p class="quiet">{display(work)} is theirs by itself.</p>
          <div class="row">
            <Field label="Surname" hot="F" required {...field("surname")} problem={problem} />
            <Field label="Name" {...field("name")} problem={problem} />
          </div>
          <Field label="E-mail" type="email" {...field("email")} problem={problem} />
          {same.map(({ contact, reasons }) => <Candidate key={contact} id={contact} why={reasons} choose={() => identify(work, { contact })} />)}
        </>}
      </Form>
    </section>
  );
}

function Candidate({ id, why, choose }: { id: string; why: string[]; choose: () => unknown }) {
  const contact = useLoad(id, () => must(api.GET("/api/v1/contacts/{id}/", of(id))));
  return contact ? <Button onClick={choose}>It is {contact.display_name} (the same {why.join(", ")})</Button> : null;
}

/** A change of a contact carries `If-Match`: nobody's change is overwritten unseen. */
function Correct({ work, close }: { work: Work; close: () => void }) {
  const contact = work.contact!;
  const [known] = useState({ surname: contact.surname, name: contact.name, email: contact.emails[0]?.email ?? "" });
  const { before, now: person, put } = typed(work, contact.id, known);
  const field = (name: keyof Person) => ({ name, value: person[name], set: (value: string) => put({ [name]: value }) });
  const done = () => ((work.person = undefined), close());
  const send = async () => {
    const [first, ...others] = contact.emails;
    const { email } = person;
    // Only what was changed here: the rest may be somebody else's newer word.
    const body = {
      ...(person.surname !== before.surname && { surname: person.surname }),
      ...(person.name !== before.name && { name: person.name }),
      ...(email !== before.email && { emails: [...(email ? [{ ...first, email }] : []), ...others] }),
    };
    if (!Object.keys(body).length) return done();
    const params = { path: { id: contact.id }, header: { "If-Match": `"${contact.version}"` } };
    try {
      work.contact = await must(api.PATCH("/api/v1/contacts/{id}/", { params, body }));
    } catch (problem) {
      // Somebody was quicker: theirs is shown above, what was typed stays, and sending it again is meant.
      if ((problem as Problem).status === 412) (work.contact = await must(api.GET("/api/v1/contacts/{id}/", of(contact.id)))), draw();
      throw problem;
    }
    say("Corrected.");
    done();
    draw();
  };
  return (
    <Form send={send} name="Correct the contact" label="Correct">
      {(problem) => <>
        <Field label="Surname" autofocus {...field("surname")} problem={problem} />
        <Field label="Name" {...field("name")} problem={problem} />
        <Field label="E-mail" type="email" {...field("email")} name="emails" problem={problem} />
      </>}
    </Form>
  );
}

const line = (...parts: unknown[]) => parts.filter((part) => typeof part === "string" && part).join(" · ");

/** What is open and what happened comes in many shapes, and more in time: shown is what most of them have. */
const openLine = (row: any) => line(row.number?.display ?? row.number, row.title ?? row.summary ?? row.name ?? row.note,
  words(row.status ?? row.state ?? ""), row.due_at && `by ${clock(row.due_at)}`, row.total && `${row.total} ${row.currency}`);
const pastLine = (data: any) => line(data.disposition, data.note ?? data.text ?? data.summary, data.number);

export function Who({ work }: { work: Work }) {
  const [isWrong, setWrong] = useState(!!work.person?.of);
  const { contact } = work;
  const id = contact?.id ?? "";
  const timeline = useLoad(id, () => must(api.GET("/api/v1/contacts/{id}/timeline/", ofBy(id, { page_size: 6 }))));
  const open = Object.entries(work.open)
    .flatMap(([kind, rows]) => rows.map((row) => ({ kind: words(kind).replace(/s$/, ""), row })))
    .filter(({ row }) => row.id !== work.call?.id);
  const choose = (one: S["Contact"]) => (work.call ? identify(work, { contact: one.id }) : ((work.contact = one), draw()));
  if (!contact && work.matches.length > 1)
    return (
      <section aria-label="Who is it?">
        <h2>Several have this number. Who is it?</h2>
        {work.matches.slice(0, 9).map(({ contact: one }, n) =>
          <Button key={one.id} hot={`Shift+${n + 1}`} onClick={() => choose(one)}>{one.display_name}</Button>)}
      </section>
    );
  if (!contact) return work.call && can("calls_identify") ? <Unknown work={work} /> : null;
  return (
    <section aria-label="About them">
      <h2>Open for them</h2>
      {!open.length && <p class="quiet">Nothing is open.</p>}
      <ul>
        {open.map(({ kind, row }) =>
          <li key={row.id}><b>{kind}</b> {openLine(row)}{row.last_word && <blockquote>{row.last_word.text}</blockquote>}</li>)}
      </ul>
      <h2>What happened last</h2>
      <ol class="timeline">
        {timeline?.results.map((one) =>
          <li key={one.id}><time>{day(one.at)}</time> <b>{words(one.kind)}</b> {pastLine(one.data)} <small>{one.by}</small></li>)}
      </ol>
      {isWrong && <Correct key={id} work={work} close={() => setWrong(false)} />}
      {!isWrong && can("contacts_partial_update") && <Button hot="E" kind="quiet" onClick={() => setWrong(true)}>Correct the contact</Button>}
    </section>
  );
}
