/* The call is over: a digit says how it came out, Enter is the rest. What is known from the call is filled in. */
import { useLayoutEffect, useRef } from "preact/hooks";
import { api, must, ofOnce, type S } from "./api";
import { Field, Form, Key, keyed, Options, wrong } from "./parts";
import { draw, drop, giveBack, isTyping, say, type Lists, type Work } from "./state";

type Way = Pick<S["Disposition"], "code" | "name" | "group" | "callback" | "needs_note" | "needs_topic"> & Partial<S["Disposition"]>;

/** What a disposition does besides is told before it is saved. */
const effect = (way: Way) => [
  way.suppress_scope === "all" && "They are not contacted any more.",
  way.suppress_scope === "purpose" && "They are not contacted for this purpose any more.",
  way.number_invalid && "The number is marked as not existing.",
].filter(Boolean).join(" ");

async function save(work: Work, key: string, way?: Way): Promise<void> {
  const { topic, disposition, note, at } = work.draft;
  const body = { disposition, note, topics: topic ? [topic] : [], ...(way?.callback && at ? { callback: { local_time: at, note } } : {}) };
  const { hand, owed } = work;
  if (hand?.token) await must(api.POST("/api/v1/attempts/{id}/report/", { ...ofOnce(hand.attempt, key), body: { ...body, token: hand.token } }));
  else if (work.call) await must(api.POST("/api/v1/calls/{id}/wrap-up/", { ...ofOnce(work.call.id, key), body }));
  else if (owed?.kind === "callback")
    await must(api.POST("/api/v1/callbacks/{id}/complete/", { ...ofOnce(owed.id, key), body: { result: note } }));
  else await must(api.POST("/api/v1/return-calls/{id}/complete/", { ...ofOnce(owed!.id, key), body: { result: note } }));
  // Whoever was spoken with is owed nothing any more, and giving it back is refused; whoever was not is owed the call still.
  if (owed && work.call) await giveBack(work).catch(() => {});
  say("Written up.");
  drop(work);
}

export function WriteUp({ work, lists }: { work: Work; lists: Lists }) {
  const { draft } = work;
  const direction = work.call?.direction === "outbound" || work.hand ? "outbound" : "inbound";
  const fitting = lists.ways?.filter((one) => ["any", direction].includes(one.direction) && (work.talk_s ?? 0) >= one.min_talk_s);
  const ways: Way[] = !work.hand && !work.call ? [] : work.hand?.dispositions ?? fitting ?? [];
  const way = ways.find((one) => one.code === draft.disposition);
  const put = (some: Partial<typeof draft>) => (Object.assign(draft, some), draw());
  const field = (name: keyof typeof draft) => ({ value: draft[name], set: (value: string) => put({ [name]: value }) });
  const arrows = useRef(false); // held down: a choice that is passed over is no choice
  useLayoutEffect(() => {
    if (ways.length && !isTyping() && !way) document.querySelector<HTMLElement>("[name=disposition]")?.focus();
  }, [ways.length]);
  useLayoutEffect(() => {
    if (!way || isTyping() || arrows.current) return; // who walks through the choices has not chosen yet
    // Eyes go to what is still missing, else to the button.
    const missing = (way.callback && !draft.at && "[name=at]") || (way.needs_topic && !draft.topic && "[name=topics]") ||
      (way.needs_note && !draft.note && "[name=note]") || "form[aria-label='Write-up'] [type=submit]";
    document.querySelector<HTMLElement>(missing)?.focus();
  }, [draft.disposition]);
  const groups = [...new Set(ways.map((one) => one.group))];
  return (
    <Form send={(key) => save(work, key, way)} keep={draft} name="Write-up" label={work.stage === "talking" ? "Save when it is over" : "Save"}>
      {(problem) => <>
        <div class="ways" onKeyDown={(event) => (arrows.current = event.key.startsWith("Arrow"))} onKeyUp={() => (arrows.current = false)}>{groups.map((group) => <fieldset key={group}><legend>{group || "How it came out"}</legend>
          {ways.filter((one) => one.group === group).map((one) => {
            const place = ways.indexOf(one);
            const key = place < 10 ? `${(place + 1) % 10}` : undefined;
            return (
              <label class="choice" key={one.code}>
                <input type="radio" name="disposition" required value={one.code} checked={draft.disposition === one.code}
                  {...keyed(key)} onChange={() => put({ disposition: one.code })} />
                <Key of={key} />{one.name}
              </label>
            );
          })}
        </fieldset>)}</div>
        {way && effect(way) && <p class="hint">{effect(way)}</p>}
        {wrong(problem, "disposition") && <em>{wrong(problem, "disposition")}</em>}
        {way?.callback &&
          <Field label="Call back at, by their clock" name="at" type="datetime-local" required {...field("at")} problem={problem} />}
        {ways.length > 0 &&
          <Field label="What it was about" name="topics" required={way?.needs_topic} {...field("topic")} problem={problem}>
            <Options of={lists.topics} none="Nothing in particular" />
          </Field>}
        <Field label="Note" name="note" rows={3} hot="I" required={way?.needs_note} {...field("note")} problem={problem} />
      </>}
    </Form>
  );
}
