/* The way to the API. Paths, parameters and answers are typed by `schema.d.ts`, which `make desk` makes of docs/openapi.yaml. */
import createClient from "openapi-fetch";
import type { components, paths } from "./schema";

export type S = components["schemas"];

/** A refusal, as every error of the API comes (RFC 9457). `code` is for the program, the message for the operator. */
export class Problem extends Error {
  readonly code: string;
  readonly errors: { pointer: string; detail: string }[];
  constructor(readonly status: number, readonly body: Partial<S["Problem"]> & Record<string, unknown>) {
    super(body.detail || `The server answered ${status}.`);
    this.code = body.code ?? "";
    this.errors = body.errors ?? [];
  }
}

const pause = (ms: number) => new Promise((done) => setTimeout(done, ms));
const IN_USE = "idempotency_key_in_use";

/** Not an answer yet: the server is busy, or still at work on the same request. Sent again it must be the same, with the key it had. */
export const isOpen = (status: number, code: string) => status === 0 || status >= 500 || status === 429 || code === IN_USE;

async function isPassing(answer: Response): Promise<boolean> {
  if ([429, 502, 503, 504].includes(answer.status)) return true;
  return answer.status === 409 && (await answer.clone().json().catch(() => ({}))).code === IN_USE;
}

const LONGEST_PAUSE_S = 5; // who is asked to wait longer is told so
const LONGEST_MS = 30_000; // all tries together: a server that says nothing is not waited for without end

/** Seconds, or a moment (RFC 9110). */
function pauseOf(retryAfter: string | null): number {
  if (!retryAfter) return 1;
  const seconds = /^\d+$/.test(retryAfter) ? Number(retryAfter) : (Date.parse(retryAfter) - Date.now()) / 1000;
  return Number.isNaN(seconds) ? 1 : Math.max(0.4, seconds);
}

/** The network is lost now and then. The same request goes again, a POST with the key it had: it is done once, however often it arrives. */
async function patiently(request: Request): Promise<Response> {
  const limit = AbortSignal.timeout(LONGEST_MS);
  const signal = AbortSignal.any([request.signal, limit]);
  for (let tries = 1; ; tries++) {
    try {
      const answer = await fetch(request.clone(), { signal });
      const pause_s = pauseOf(answer.headers.get("Retry-After"));
      if (tries === 4 || pause_s > LONGEST_PAUSE_S || !(await isPassing(answer))) return answer;
      await pause(1000 * pause_s);
    } catch (lost) {
      if (request.signal.aborted) throw lost; // nobody waits for it any more
      if (tries === 4 || limit.aborted)
        throw new Problem(0, { detail: "The server cannot be reached. What you typed is kept: try again in a moment." });
      await pause(400 * tries);
    }
  }
}

/** `id` is known of a token that was made here: it is revoked at the sign-out. One that was brought along is its owner's. */
export const session = { token: "", id: "", onRefused: () => {} };
export const api = createClient<paths>({ fetch: patiently });

api.use({
  onRequest({ request }) {
    if (session.token) request.headers.set("Authorization", `Bearer ${session.token}`);
    if (request.method === "POST" && !request.headers.has("Idempotency-Key")) request.headers.set("Idempotency-Key", crypto.randomUUID());
  },
});

/** The usual words of a request: the id in its path, the key of a form (kept until there is an answer), the query. */
export const of = (id: string) => ({ params: { path: { id } } });
export const once = (key: string) => ({ "Idempotency-Key": key });
export const ofOnce = (id: string, key: string) => ({ params: { path: { id }, header: once(key) } });
export const by = <Q>(query: Q) => ({ params: { query } });
export const ofBy = <Q>(id: string, query: Q) => ({ params: { path: { id }, query } });
export const firstTime = (key: string) => ({ params: { header: once(key) } });

/** What was asked for, or the refusal as an exception. */
export async function must<T>(asked: Promise<{ data?: T; error?: unknown; response: Response }>): Promise<T> {
  const { token } = session;
  const { data, error, response } = await asked;
  if (response.ok) return data as T;
  if (response.status === 401 && token && token === session.token) session.onRefused(); // a late answer to one who left says nothing of the next
  throw new Problem(response.status, (error ?? {}) as Partial<S["Problem"]>);
}
