/* A client of the live feed. No library: fetch reads the stream, so the token goes in a header and not in the address.
 *
 *   const feed = new LiveFeed({api: "https://crm.example.com", token: "swb_…"})
 *   feed.on("hello", screen => …)            all that a screen shows at first; the same function is called for "reset"
 *   feed.on("call.ringing", (data, message) => …)
 *   feed.on("*", message => …)               every message
 *   feed.on("state", word => …)              connecting, live, waiting, ended
 *   feed.open()
 *
 * It comes back by itself after every break, to where it was: `last` is the id of the last event it has dealt with.
 */
"use strict";

const SILENCE_MS = 40000; // a living stream says something every 15 seconds
const LONGEST_WAIT_MS = 15000;

class LiveFeed {
  constructor({ api = "", token, url = "" }) {
    Object.assign(this, { api, token, url, last: "", retryMs: 1000, failures: 0, isOpen: false, handlers: {} });
  }

  on(kind, handler) {
    (this.handlers[kind] ||= []).push(handler);
    return this;
  }

  emit(kind, ...words) {
    for (const handler of this.handlers[kind] || []) handler(...words);
  }

  async open() {
    this.isOpen = true;
    while (this.isOpen) {
      this.emit("state", "connecting");
      try {
        await this.readOnce();
        this.failures = 0;
      } catch (error) {
        if (error.isFinal) return this.close(error.message);
        this.failures += 1;
      }
      if (!this.isOpen) return;
      // A little longer each time, and never all screens at one moment.
      const wait = Math.min(LONGEST_WAIT_MS, this.retryMs * 2 ** Math.max(0, this.failures - 1)) * (0.75 + Math.random() / 2);
      this.emit("state", "waiting");
      await new Promise((done) => setTimeout(done, wait));
    }
  }

  close(why = "") {
    this.isOpen = false;
    this.abort?.abort();
    this.emit("state", "ended", why);
  }

  /* Where streams are held: asked once, for it may be another address than the API's. */
  async address() {
    if (!this.url) {
      const answer = await fetch(`${this.api}/api/v1/feed/`, { headers: { Authorization: `Bearer ${this.token}` } });
      if (!answer.ok) throw await refusal(answer);
      this.url = (await answer.json()).stream_url;
    }
    return this.url;
  }

  async readOnce() {
    this.abort = new AbortController();
    const headers = { Authorization: `Bearer ${this.token}`, Accept: "text/event-stream" };
    if (this.last) headers["Last-Event-ID"] = this.last;
    const answer = await fetch(await this.address(), { headers, signal: this.abort.signal, cache: "no-store" });
    if (!answer.ok) throw await refusal(answer);
    this.emit("state", "live");
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (;;) {
      const { value, done } = await this.orSilence(reader.read());
      if (done) return;
      this.failures = 0;
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop();
      blocks.forEach((block) => this.take(block));
    }
  }

  /* A connection can die without a word. */
  orSilence(reading) {
    let timer;
    const silence = new Promise((_, fail) => {
      timer = setTimeout(() => {
        this.abort.abort();
        fail(new Error("silence"));
      }, SILENCE_MS);
    });
    return Promise.race([reading, silence]).finally(() => clearTimeout(timer));
  }

  /* One block of the stream: lines `name: value` until an empty line. */
  take(block) {
    const event = {};
    for (const line of block.split("\n")) {
      const colon = line.indexOf(": ");
      if (colon > 0) event[line.slice(0, colon)] = line.slice(colon + 2);
    }
    if (event.retry) this.retryMs = Number(event.retry);
    if (event.data) {
      const message = JSON.parse(event.data);
      this.emit("*", message);
      this.emit(message.kind === "reset" ? "hello" : message.kind, message.data, message);
      if (message.kind === "replaced" || message.kind === "refused") this.close(message.data.detail);
    }
    if (event.id) this.last = event.id; // only now: what was not dealt with comes again
  }
}

async function refusal(answer) {
  const problem = await answer.json().catch(() => ({}));
  const error = new Error(problem.detail || `${answer.status}`);
  error.isFinal = [400, 401, 403, 406].includes(answer.status);
  return error;
}
