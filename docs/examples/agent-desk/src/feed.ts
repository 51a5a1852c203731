/* The live feed, read with `fetch`: the token goes into a header, so no ticket is needed. docs/live-feed.md tells the rules. */
import { api, must, session, type S } from "./api";

export type Told = Pick<S["Message"], "kind"> & { data: any };
export type Line = "connecting" | "live" | "waiting" | "ended";

const SILENCE_MS = 40_000; // a living stream says something every 15 seconds
const LONGEST_WAIT_MS = 15_000;

/** Read until the sign-in ends (`signal`). Every break is bridged: the server goes on after the last id that was dealt with. */
export async function listen(told: (message: Told) => void, line: (state: Line, why?: string) => void, signal: AbortSignal): Promise<void> {
  const { token } = session; // of this sign-in, never of the next
  let last = "";
  let retryMs = 1000;
  for (let failures = 0; !signal.aborted; failures++) {
    line("connecting");
    const stop = new AbortController();
    try {
      const { stream_url } = await must(api.GET("/api/v1/feed/", { signal }));
      const headers: Record<string, string> = { Authorization: `Bearer ${token}`, Accept: "text/event-stream" };
      if (last) headers["Last-Event-ID"] = last;
      const answer = await fetch(stream_url, { headers, signal: AbortSignal.any([signal, stop.signal]), cache: "no-store" });
      if (!answer.ok || !answer.body) throw Object.assign(new Error(`${answer.status}`), { isFinal: [401, 403].includes(answer.status) });
      line("live");
      const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
      for (let rest = ""; ; ) {
        const silence = setTimeout(() => stop.abort(), SILENCE_MS); // a connection can die without a word
        const { value, done } = await reader.read().finally(() => clearTimeout(silence));
        if (done || signal.aborted) break;
        failures = 0;
        const blocks = (rest + value).split("\n\n");
        rest = blocks.pop() ?? "";
        for (const block of blocks) {
          const field = Object.fromEntries([...block.matchAll(/^(\w+): (.*)$/gm)].map(([, name, text]) => [name, text]));
          if (field.retry) retryMs = Number(field.retry);
          const message: Told | null = field.data ? JSON.parse(field.data) : null;
          if (signal.aborted) return;
          if (message) told(message);
          if (message?.kind === "replaced" || message?.kind === "refused") return line("ended", message.data.detail);
          if (field.id) last = field.id; // only now: what was not dealt with comes again
        }
      }
    } catch (error) {
      if (!signal.aborted && (error as { isFinal?: boolean }).isFinal) return line("ended", "Sign in again.");
    }
    if (signal.aborted) return;
    line("waiting");
    // A little longer each time, and never all screens at one moment.
    await new Promise((done) => setTimeout(done, Math.min(LONGEST_WAIT_MS, retryMs * 2 ** Math.min(failures, 4)) * (0.75 + Math.random() / 2)));
  }
}
