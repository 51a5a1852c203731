// The live feed with the generated types, until a call rings: docs/live-feed.md tells what comes and how to come back after a break.
// A screen that stays open takes docs/examples/live-feed/live-feed.js, which comes back by itself and notices a dead connection.

import createClient from "openapi-fetch";
import type { components, paths } from "./switchboard";

declare const process: { env: Record<string, string | undefined> };
const { URL: baseUrl = "", AGENT = "" } = process.env;

type Message = components["schemas"]["Message"];
const headers = { Authorization: `Bearer ${AGENT}` };
const client = createClient<paths>({ baseUrl, headers });

/** The events of one connection. Read with fetch: EventSource can send no token in a header. */
async function* events(address: string, last?: string): AsyncGenerator<{ id?: string; message: Message }> {
  const answer = await fetch(address, { headers: { ...headers, ...(last ? { "Last-Event-ID": last } : {}) } });
  if (!answer.ok || !answer.body) throw new Error(`No stream: ${answer.status}`);
  const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
  try {
    for (let rest = ""; ; ) {
      const { value, done } = await reader.read();
      if (done) return; // a restart, or the network: come back after a while with the last id
      const blocks = (rest + value).split("\n\n");
      rest = blocks.pop() ?? "";
      for (const block of blocks) {
        const lines = new Map(block.split("\n").map((line) => [line.slice(0, line.indexOf(": ")), line.slice(line.indexOf(": ") + 2)]));
        const data = lines.get("data");
        if (data) yield { id: lines.get("id"), message: JSON.parse(data) };
      }
    }
  } finally {
    await reader.cancel(); // whoever has heard enough lets go of the connection
  }
}

const { data: feed, error } = await client.GET("/api/v1/feed/"); // says where streams are: it may be another address than the API's
if (error) throw new Error(error.detail);
for await (const { message } of events(feed.stream_url)) {
  if (message.kind === "hello") console.log("hello");
  if (message.kind === "call.ringing") {
    const [match] = message.data.matches as components["schemas"]["Match"][];
    console.log("ringing:", match.contact.display_name);
    break;
  }
}
