/* What is taken on a call: an order, a complaint. Both go into the note of the write-up by themselves. */
import { useEffect, useState } from "preact/hooks";
import { api, by, firstTime, must, of, Problem, type S } from "./api";
import { Button, Field, Form, named, Options, Tick, useLoad } from "./parts";
import { blankComplaint, blankOrder, complete, draw, number, say, type Lists, type Work } from "./state";

const origin = (work: Work) => (work.call ? { kind: "call", id: work.call.id } : work.hand ? { kind: "attempt", id: work.hand.attempt } : undefined);

function noted(work: Work, text: string): void {
  work.draft.note = [work.draft.note, text].filter(Boolean).join("\n");
  work.pane = work.stage === "ended" ? "writeup" : "script";
  say(text);
  draw();
  void complete(Object.assign(work, { matches: [] })); // what is open for them is more now
  document.getElementById("who")?.focus();
}

/** While the caller speaks a quote is asked for after every change: all amounts are the server's. */
export function Order({ work }: { work: Work }) {
  const contact = work.contact?.id ?? "";
  const { typed, lines, promotions, comment } = work.order;
  const put = (some: Partial<Work["order"]>) => (Object.assign(work.order, some), draw());
  const [quote, setQuote] = useState<S["Quote"]>();
  const search = typed.trim();
  const found = useLoad(search.length > 1 ? search : "", () => must(api.GET("/api/v1/products/", by({ search, is_active: true, page_size: 6 }))));
  const offers = useLoad(contact, () => must(api.GET("/api/v1/contacts/{id}/offers/", of(contact))));
  const body = { contact, promotions, lines: lines.map(({ product, quantity }) => ({ product: product.id, quantity: quantity || "1" })) };
  const asked = JSON.stringify(body);
  useEffect(() => {
    if (!lines.length) return setQuote(undefined);
    let isCurrent = true;
    const ask = () =>
      must(api.POST("/api/v1/orders/quote/", { body })).then((told) => isCurrent && setQuote(told), (why: Problem) => say(why.message));
    const soon = setTimeout(ask, 150);
    return () => (clearTimeout(soon), void (isCurrent = false));
  }, [asked]);
  if (!contact) return <p class="quiet">Say first who it is: an order is somebody's.</p>;
  const amount = (at: number, quantity: string) => put({ lines: lines.map((line, n) => (n === at ? { ...line, quantity } : line)) });
  const turn = (code: string) =>
    put({ promotions: promotions.includes(code) ? promotions.filter((it) => it !== code) : [...promotions, code] });
  const add = (product: S["Product"]) => {
    const at = lines.findIndex((line) => line.product.id === product.id);
    if (at < 0) put({ lines: [...lines, { product, quantity: "1" }], typed: "" });
    else (put({ typed: "" }), amount(at, `${Number(lines[at].quantity) + 1}`));
    document.querySelector<HTMLInputElement>("[name=product]")?.focus();
  };
  const send = async (key: string) => {
    if (search) {
      if (found?.results[0]) return add(found.results[0]); // the best of what is looked for
      throw new Problem(0, { detail: "Wait for the products, or empty the search." }); // half a search is not an order
    }
    if (!lines.length) throw new Problem(0, { detail: "Look for a product first." });
    const whole = { ...body, comment, place: true, phone: number(work), origin: origin(work) };
    const placed = await must(api.POST("/api/v1/orders/", { ...firstTime(key), body: whole }));
    work.order = blankOrder();
    noted(work, `Order ${placed.number} is placed: ${placed.total} ${placed.currency}.`);
  };
  // A second Enter after the one that took a product would place the order unseen.
  const notYet = (event: KeyboardEvent) => {
    if (event.key !== "Enter" || event.ctrlKey || search || !lines.length) return;
    event.preventDefault();
    say("Ctrl+Enter places the order.");
  };
  return (
    <Form send={send} keep={work.order} name="Order" label={lines.length && !search ? "Place the order" : "Take the first"}>
      {(problem) => <>
        <Field label="Product" name="product" type="search" hot="P" autofocus autocomplete="off" value={typed}
          set={(value) => put({ typed: value })} onKeyDown={notYet} />
        {typed && <ul class="found">
          {found?.results.map((one) => <li key={one.id}><Button onClick={() => add(one)}>{one.name} <b>{one.price} {one.currency}</b></Button></li>)}
          {found?.results.length === 0 && <li class="quiet">No such product.</li>}
        </ul>}
        {lines.map(({ product, quantity }, n) => <div class="row item" key={product.id}>
          <Field label={product.name} name={`lines/${n}/quantity`} type="number" min="0" step="any" value={quantity}
            set={(value) => amount(n, value)} problem={problem} />
          <output>{quote?.lines[n]?.total} {quote?.currency}</output>
          <Button kind="quiet" onClick={() => put({ lines: lines.filter((line) => line.product !== product) })}>
            Remove<span class="for-ears"> {product.name}</span>
          </Button>
        </div>)}
        {lines.length > 0 && offers?.offers.map(({ code, title }) =>
          <Tick key={code} label={title} on={promotions.includes(code)} set={() => turn(code)}>
            {quote?.promotions.find((it) => it.code === code)?.reasons?.map((why) => <em key={why.code}>{why.detail}</em>)}
          </Tick>)}
        {lines.length > 0 && <>
          <Field label="Comment" name="comment" value={comment} set={(value) => put({ comment: value })} problem={problem} />
          <p class="total" aria-live="polite">To be paid: <b>{quote ? `${quote.total} ${quote.currency}` : "…"}</b></p>
        </>}
      </>}
    </Form>
  );
}

export function Complaint({ work, lists }: { work: Work; lists: Lists }) {
  const { isSolved, key: _, ...typed } = work.complaint;
  const told = { ...typed, topic: typed.topic ?? work.draft.topic };
  const put = (some: Partial<Work["complaint"]>) => (Object.assign(work.complaint, some), draw());
  const field = (name: keyof typeof told) => ({ name, value: told[name], set: (value: string) => put({ [name]: value }) });
  const text = told.summary.trim();
  const query = by({ text, topic: told.topic || undefined });
  const alike = useLoad(text.length > 8 ? text : "", () => must(api.GET("/api/v1/complaints/suggestions/", query)));
  const send = async (key: string) => {
    const { topic, decision_text, redress, severity, ...rest } = told;
    const solve = { decision: "upheld" as const, decision_text, redress: redress as S["ComplaintRedress"] };
    const body = {
      ...rest, severity: severity as S["ComplaintSeverity"], topic: topic || null, contact: work.contact?.id, phone: number(work),
      origin: origin(work), ...(isSolved && { solve }),
    };
    const { number: name } = await must(api.POST("/api/v1/complaints/", { ...firstTime(key), body }));
    work.draft.topic ||= topic;
    work.complaint = blankComplaint();
    noted(work, `Complaint ${name}: ${told.summary}${isSolved ? ". Solved at once." : ""}`);
  };
  return (
    <Form send={send} keep={work.complaint} name="Complaint" label={isSolved ? "Write it down as solved" : "Take it and pass it on"}>
      {(problem) => <>
        <Field label="In a line" required autofocus hot="I" autocomplete="off" {...field("summary")} problem={problem} />
        <div class="row">
          <Field label="Category" {...field("topic")} problem={problem}><Options of={lists.topics} none="None" /></Field>
          <Field label="How bad" {...field("severity")} problem={problem}><Options of={named("low", "medium", "high", "critical")} /></Field>
        </div>
        {alike?.articles.slice(0, 2).map((one) => <p class="hint" key={one.article}><b>{one.title}</b> {one.short_answer}</p>)}
        <Field label="What they ask for" {...field("remedy_sought")} problem={problem} />
        <Tick label="Solved at once" hot="V" on={isSolved} set={() => put({ isSolved: !isSolved })} />
        {isSolved && <>
          <Field label="What they were told" required {...field("decision_text")} name="solve/decision_text" problem={problem} />
          <Field label="What they get" {...field("redress")} name="solve/redress" problem={problem}>
            <Options of={named("none", "replacement", "repair", "apology")} />
          </Field>
        </>}
      </>}
    </Form>
  );
}
