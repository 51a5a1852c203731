/* What to say: the script step by step, a survey question by question, ready answers, and what can be offered. */
import { useEffect, useRef, useState } from "preact/hooks";
import { api, by, must, of, ofBy, type S } from "./api";
import { Button, Field, Form, Options, Tick, useLoad, words } from "./parts";
import { can, draw, say, type Lists, type Work } from "./state";

/** Who it is comes first: while several may be it, the digits with Shift choose among them. */
const digit = (work: Work, key: string) => (!work.contact && work.matches.length > 1 ? undefined : `Shift+${key}`);
const Choices = ({ work, of, choose }: { work: Work; of: S["Choice"][]; choose: (value: string) => unknown }) => (
  <>{of.map((one, n) =>
    <Button key={one.value} hot={n < 9 ? digit(work, `${n + 1}`) : undefined} onClick={() => choose(one.value)}>{one.label}</Button>)}</>
);
/** The keys as they lie: 1 to 9, then 0; a scale that begins with 0 has its 10 on the key after that. */
const keyOf = (score: number, low: number) => (score < 0 ? "" : score < 10 ? `${score}` : low > 0 ? "0" : "Minus");

/** The server leads: `next_step` of the run says what follows, also over branches. Without a call a script is only read. */
export function Script({ work }: { work: Work }) {
  const call = work.call && work.stage !== "ringing" ? work.call.id : "";
  const run = useRef<Promise<S["ScriptRun"]> | undefined>(undefined);
  const [step, setStep] = useState("");
  const [said, setSaid] = useState("");
  const topic = work.draft.topic || undefined;
  const told = useLoad(work.call ? `${work.call.id} ${topic ?? ""}` : "", () =>
    must(api.GET("/api/v1/calls/{id}/script/", ofBy(work.call!.id, { topic }))));
  const script = work.hand?.script ?? told?.script;
  useEffect(() => {
    if (!script) return;
    setStep(script.steps[0].key);
    run.current = undefined;
    if (!call || !can("calls_script_runs")) return;
    run.current = must(api.POST("/api/v1/calls/{id}/script-runs/", { ...of(call), body: { script_version: script.script_version } }));
    // Begun before, it goes on where it stood.
    run.current.then(
      (begun) => begun?.steps.length && begun.next_step && setStep(begun.next_step),
      (problem) => ((run.current = undefined), say(problem.message)), // then it is only read
    );
  }, [script?.script_version, call]);
  if (!script) return <p class="quiet">There is no script for this call.</p>;
  const now = script.steps.find((one) => one.key === step) ?? script.steps[0];
  const pass = async (answer?: string) => {
    const going = await run.current; // a quick operator is ahead of the answer
    if (!going) return setStep(now.next.find((rule) => rule.holds !== false)?.goto ?? step);
    const body = { sequence: going.steps.length + 1, step: now.key, ...(answer === undefined ? {} : { answer }) };
    const after = await must(api.POST("/api/v1/script-runs/{id}/steps/", { ...of(going.id), body }));
    run.current = Promise.resolve(after);
    setSaid("");
    if (after.next_step) setStep(after.next_step);
  };
  const place = script.steps.indexOf(now) + 1;
  return (
    <section aria-label="Script">
      <p class="quiet">{script.name} · step {place} of {script.steps.length}</p>
      <p class="speak" aria-live="polite">{now.text}</p>
      {now.choices?.length ? <Choices work={work} of={now.choices} choose={pass} />
        : now.kind === "ask" || now.kind === "field" ? <Form name="Their answer" label="Next" send={() => pass(said)}>
            {(problem) => <Field label="Their answer" name="answer" hot="I" value={said} set={setSaid} problem={problem} />}
          </Form>
        : now.kind !== "end" && <Button hot="N" kind="main" onClick={() => pass()}>Next</Button>}
      {place > 1 && <Button hot="Backspace" kind="quiet" onClick={() => setStep(script.steps[place - 2].key)}>Back</Button>}
    </section>
  );
}

/** Begun when the operator says so: nobody is asked before they are on the line. What was begun goes on. */
export function Survey({ work }: { work: Work }) {
  const [going, setGoing] = useState<S["SurveyResponse"]>();
  const [said, setSaid] = useState<string[]>([]);
  const begin = async () => {
    const body = { attempt: work.hand!.attempt, call: work.call?.id };
    setGoing(await must(api.POST("/api/v1/survey-responses/", { body })));
  };
  if (!going) return <section aria-label="Survey"><Button hot="N" kind="main" onClick={begin}>Begin the survey</Button></section>;
  const asked = going.question;
  if (!asked) return <section aria-label="Survey"><p class="speak">{going.thanks || words(going.state)}</p></section>;
  const answer = async (value: string | number | string[] | null) => {
    const body = { question: asked.key, value };
    setGoing(await must(api.POST("/api/v1/survey-responses/{id}/answer/", { ...of(going.id), body })));
    setSaid([]);
  };
  const turn = (value: string) => setSaid(said.includes(value) ? said.filter((it) => it !== value) : [...said, value]);
  const isNumber = ["scale", "nps", "csat", "ces", "number"].includes(asked.kind);
  const low = asked.low ?? 0;
  const high = asked.high ?? 0;
  return (
    <section aria-label="Survey">
      {!going.answered && <p class="speak">{going.greeting}</p>}
      <p class="speak" aria-live="polite">{asked.text}</p>
      {asked.hint && <p class="quiet">{asked.hint}</p>}
      {isNumber && high > low && high - low <= 10 ? <div class="row">
          {Array.from({ length: high - low + 1 }, (_, n) => low + n).map((one) =>
            <Button key={one} hot={keyOf(one, low) && digit(work, keyOf(one, low))} onClick={() => answer(one)}>{one}</Button>)}
        </div>
        : asked.kind === "single" ? <Choices work={work} of={asked.choices} choose={answer} />
        : <Form name="Their answer" label="Next" send={() => answer(asked.kind === "multi" ? said : isNumber && said[0] ? Number(said[0]) : said[0] || null)}>
            {(problem) => asked.kind === "multi"
              ? asked.choices.map((one) => <Tick key={one.value} label={one.label} on={said.includes(one.value)} set={() => turn(one.value)} />)
              : <Field label="Their answer" name="value" hot="I" type={isNumber ? "number" : asked.kind === "date" ? "date" : "text"}
                  value={said[0] ?? ""} set={(value) => setSaid([value])} problem={problem} />}
          </Form>}
      {!asked.is_required && <Button kind="quiet" hot="N" onClick={() => answer(null)}>Pass over</Button>}
    </section>
  );
}

/** The nine that fit best have their keys; whatever is typed is searched for. Digits belong to the write-up while that is open. */
export function Answers({ work, lists }: { work: Work; lists: Lists }) {
  const [typed, setTyped] = useState("");
  const [read, setRead] = useState<{ article: string; title: string; short_answer: string }>();
  const { topic } = work.draft;
  const call = work.call?.id;
  const language = work.contact?.language || undefined;
  const ready = useLoad(`${work.id} ${topic} ${work.contact?.id}`, () => call
    ? must(api.GET("/api/v1/calls/{id}/answers/", ofBy(call, { topic: topic || undefined })))
    : must(api.GET("/api/v1/articles/answers/", by({ topic: topic || undefined, contact: work.contact?.id, language }))));
  const search = typed.trim();
  const found = useLoad(search.length > 1 ? search : "", () => must(api.GET("/api/v1/articles/", by({ search, page_size: 6 }))));
  const list = search.length > 1
    ? found?.results.map((one, n) => ({ key: n + 1, article: one.id, title: one.shown?.title ?? "", short_answer: one.shown?.short_answer ?? "" }))
    : ready?.results;
  const use = async (article: string, more: { key?: number; helpful?: boolean }) => {
    const body = { article, topic: topic || undefined, ...more };
    if (call && can("calls_answered")) await must(api.POST("/api/v1/calls/{id}/answers/", { ...of(call), body }));
  };
  const helped = async () => {
    await use(read!.article, { helpful: true });
    say("Noted: it helped.");
    setRead(undefined);
  };
  return (
    <section aria-label="Ready answers">
      <h2>Ready answers</h2>
      {work.pane !== "writeup" &&
        <Field label="What is it about?" name="topic" hot="T" value={topic} set={(value) => ((work.draft.topic = value), draw())}>
          <Options of={lists.topics} none="Not known yet" />
        </Field>}
      <Field label="Look for" name="look" hot="L" type="search" value={typed} set={setTyped} autocomplete="off" />
      {read &&
        <article aria-live="polite">
          <h3>{read.title}</h3>
          <p class="speak">{read.short_answer}</p>
          <Button hot="H" kind="quiet" onClick={helped}>It helped</Button>
        </article>}
      <ol class="answers">
        {list?.map((one) => <li key={one.article}>
          <Button hot={work.pane === "writeup" ? undefined : `${one.key}`} pressed={read?.article === one.article}
            onClick={() => (setRead(one), use(one.article, search ? {} : { key: one.key }))}>{one.title}</Button>
        </li>)}
        {list?.length === 0 && <li class="quiet">Nothing was found.</li>}
      </ol>
    </section>
  );
}

export function Offers({ work }: { work: Work }) {
  const id = work.contact?.id ?? "";
  const can_have = useLoad(id, () => must(api.GET("/api/v1/contacts/{id}/offers/", of(id))));
  const campaign = work.hand?.promotion;
  const others = can_have?.offers.filter((one) => one.code !== campaign?.code).slice(0, 3) ?? [];
  const said = campaign ? [campaign, ...others] : others;
  if (!said.length) return null;
  return (
    <section aria-label="What can be offered">
      <h2>What can be offered</h2>
      <ul>{said.map((one) => <li key={one.code}><b>{one.code}</b> {one.what_to_say}</li>)}</ul>
    </section>
  );
}
