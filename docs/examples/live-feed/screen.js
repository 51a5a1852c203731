/* The operator's screen: draws what the feed tells. Everything is text, nothing that came over the line is taken for HTML. */
"use strict";

const $ = (id) => document.getElementById(id);
const ringing = new Map(), talking = new Map(), toWriteUp = new Map(), announcements = new Map(), owed = new Map();
let feed, me;

function element(name, text = "", attributes = {}) {
  const made = document.createElement(name);
  made.textContent = text;
  for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
  return made;
}

const time = (at) => (at ? new Date(at).toLocaleTimeString([], { hour: "2-digit", minute: "2-digit" }) : "");
const words = (kind) => kind.replace(/[._]/g, " ").replace(/^./, (letter) => letter.toUpperCase());
const far = (call) => (call.direction === "outbound" ? call.to : call.from);

function who({ call, matches = [] }) {
  return matches.length ? matches.map((match) => match.contact.display_name).join(", ") : far(call).name || far(call).raw || "Number withheld";
}

function callCard(shown, isRinging) {
  const card = element("article", "", { class: isRinging ? "call rings" : "call", "data-call": shown.call.id });
  card.append(element("h3", who(shown)));
  const number = far(shown.call).e164 || far(shown.call).raw;
  card.append(element("p", [number, shown.call.queue && `queue ${shown.call.queue}`, time(shown.call.started_at)].filter(Boolean).join(" · ")));
  const open = Object.entries(shown.open || {}).flatMap(([name, rows]) => rows.map((row) => [name, row]));
  if (open.length) {
    const list = element("ul", "", { "aria-label": "Open for this caller" });
    for (const [name, row] of open) list.append(element("li", `${words(name).replace(/s$/, "")}: ${row.title || row.number || row.state || row.id}`));
    card.append(list);
  }
  if (shown.held) card.append(element("p", "On hold", { class: "held" }));
  return card;
}

function list(id, items, empty) {
  $(id).replaceChildren(...(items.length ? items : [element("p", empty, { class: "empty" })]));
}

function draw() {
  list("ringing", [...ringing.values()].map((one) => callCard(one, true)), "Nothing rings.");
  list("talking", [...talking.values()].map((one) => callCard(one, false)), "No call goes on.");
  list("to-write-up", [...toWriteUp.values()].map((one) => element("p", `${who(one)} · ${far(one.call).raw || ""} · ${time(one.call.started_at)}`)), "All is written up.");
  list("announcements", [...announcements.values()].map((one) => {
    const said = element("blockquote", one.text);
    said.append(element("footer", `${one.by ? one.by + ", " : ""}until ${new Date(one.until).toLocaleString()}`));
    return said;
  }), "No announcements.");
  list("owed", [...owed.values()].map((one) => element("p", one)), "Nobody waits to be called back.");
  document.title = ringing.size ? `☎ ${who([...ringing.values()][0])}` : "Live feed";
}

function say(text) {
  $("spoken").textContent = text; // a live region: screen readers say it
}

function note(message) {
  const line = element("li", `${time(message.at)} ${words(message.kind)}`);
  $("log").prepend(line);
  while ($("log").children.length > 50) $("log").lastChild.remove();
}

function showState(state) {
  if (!state || (state.agent && me && state.agent !== me.id)) return;
  $("agent-state").textContent = "· " + words(state.state || "unknown") + (state.pause_code ? ` (${state.pause_code})` : "");
}

/* All that a screen shows at first. Parts that this page does not know are left alone: more are added in time. */
function begin(screen) {
  for (const map of [ringing, talking, toWriteUp, announcements, owed]) map.clear();
  const calls = screen.calls || {};
  for (const one of calls.ringing || []) ringing.set(one.call.id, one);
  for (const one of calls.talking || []) talking.set(one.call.id, one);
  for (const one of calls.to_write_up || []) toWriteUp.set(one.id, { call: one });
  for (const one of screen.announcements || []) announcements.set(one.announcement, one);
  for (const part of ["return_calls", "callbacks"]) {
    if (Array.isArray(screen[part])) for (const one of screen[part]) owed.set(one.id || one.return_call || one.callback, owedText(words(part).replace(/s$/, ""), one));
  }
  showState(screen.agent);
  draw();
}

function owedText(kind, data) {
  const number = data.number || data.phone || data.e164 || data.customer_e164 || "";
  const name = data.display_name || data.contact_name || data.name || "";
  const times = data.times_called > 1 ? `called ${data.times_called} times` : "";
  return [kind, name, data.reason && words(data.reason), times, typeof number === "string" ? number : number.display, data.due_at || data.at ? `by ${time(data.due_at || data.at)}` : ""].filter(Boolean).join(" · ");
}

function listen() {
  feed
    .on("state", (word, why) => {
      $("connection").textContent = { connecting: "Connecting …", live: "Live", waiting: "Coming back …", ended: why || "Ended" }[word];
      $("connection").dataset.state = word;
    })
    .on("hello", begin)
    .on("call.ringing", (data) => {
      ringing.set(data.call.id, data);
      say(`A call from ${who(data)}`);
    })
    .on("call.updated", ({ call, changed }) => {
      const shown = talking.get(call.id) || ringing.get(call.id) || { call, matches: [], open: {} };
      shown.call = call;
      if (changed.includes("held")) shown.held = true;
      if (changed.includes("resumed")) shown.held = false;
      if (changed.includes("answered")) ringing.delete(call.id);
      if (changed.includes("written_up")) toWriteUp.delete(call.id);
      if (call.state === "in_progress") talking.set(call.id, shown);
    })
    .on("call.taken", ({ call, by }) => {
      ringing.delete(call);
      say(`Taken by ${by.join(", ")}`);
    })
    .on("call.rang_out", ({ call }) => ringing.delete(call))
    .on("call.ended", (data) => {
      const shown = talking.get(data.call) || ringing.get(data.call);
      ringing.delete(data.call);
      talking.delete(data.call);
      if (data.wrap_up === "pending" && shown && me && data.agent === me.id) toWriteUp.set(data.call, shown);
    })
    .on("announcement", (data) => {
      announcements.set(data.announcement, data);
      say(`Announcement: ${data.text}`);
    })
    .on("announcement.withdrawn", ({ announcement }) => announcements.delete(announcement))
    .on("agent.state", showState)
    .on("*", (message) => {
      const [, matter, what] = /^(return_call|callback)\.(.+)$/.exec(message.kind) || [];
      if (matter && /closed|settled|given_back/.test(what)) owed.delete(message.about);
      else if (matter) owed.set(message.about, owedText(words(matter), message.data));
      note(message);
      queueMicrotask(draw); // after the handler of its kind
    });
  feed.open();
}

async function signIn(event) {
  event.preventDefault();
  const api = $("api").value.replace(/\/$/, "");
  $("problem").textContent = "";
  try {
    let token = $("token").value.trim();
    if (!token) {
      const body = JSON.stringify({ username: $("username").value, password: $("password").value, name: "Live feed example" });
      const answer = await fetch(`${api}/api/v1/tokens/`, { method: "POST", headers: { "Content-Type": "application/json" }, body });
      if (!answer.ok) throw await refusal(answer);
      token = (await answer.json()).token;
    }
    const answer = await fetch(`${api}/api/v1/me/`, { headers: { Authorization: `Bearer ${token}` } });
    if (!answer.ok) throw await refusal(answer);
    me = await answer.json();
    $("password").value = $("token").value = ""; // kept in memory only: a closed tab knows nothing
    $("name").textContent = me.display_name;
    $("sign-in").hidden = true;
    $("screen").hidden = false;
    $("heading").focus();
    feed = new LiveFeed({ api, token });
    listen();
  } catch (error) {
    $("problem").textContent = error.message;
  }
}

$("api").value = location.protocol.startsWith("http") ? location.origin : "http://127.0.0.1:8000";
$("sign-in").addEventListener("submit", signIn);
$("sign-out").addEventListener("click", () => {
  feed.close("Signed out");
  location.reload();
});
