"""Two scripts of the demo, an inbound one in English and a survey in Russian, and how they were gone through yesterday and today."""

from datetime import datetime, timedelta
from random import Random
from typing import Any

from calls import script_runs
from calls.demo.house import House
from calls.models import Call
from config.platform import upkeep
from crm import scripts
from crm.models import Script, ScriptVersion

RUNS = 40


def _to(goto: str, **when: Any) -> dict[str, Any]:
    return {"when": when or None, "goto": goto}


def _if_answer(value: str, goto: str) -> dict[str, Any]:
    return {"when": {"field": "answer", "is": value}, "goto": goto}


def _choices(**labels: str) -> list[dict[str, str]]:
    return [{"value": value, "label": label} for value, label in labels.items()]


INBOUND: list[dict[str, Any]] = [
    {
        "key": "hello", "kind": "say", "must_say": True, "next": [_to("matter")],
        "text": "{now.greeting}, {contact.address_form|and thank you for calling}! This is {agent.name}. How can I help?",
    },
    {
        "key": "matter", "kind": "ask", "text": "Is it about a parcel, a bill, or something else?",
        "choices": _choices(parcel="A parcel", bill="A bill", other="Something else"),
        "next": [_if_answer("parcel", "parcel"), _if_answer("bill", "email-known"), _to("listen")],
    },
    {"key": "parcel", "kind": "say", "text": "I am sorry about the wait. Let me look where your parcel is.", "next": [_to("solved")]},
    {
        "key": "email-known", "kind": "branch",
        "next": [_to("bill", field="contact.email", known=True), _to("email")],
    },
    {"key": "email", "kind": "field", "field": "email", "text": "Which e-mail address may I send the copy to?", "next": [_to("bill")]},
    {"key": "bill", "kind": "say", "text": "I am sending you the copy now.", "next": [_to("solved")]},
    {"key": "listen", "kind": "say", "text": "Please tell me more, I am listening.", "next": [_to("solved")]},
    {
        "key": "solved", "kind": "ask", "must_say": True, "text": "Have I answered all your questions?",
        "choices": _choices(yes="Yes", no="No"), "next": [_if_answer("yes", "offer"), _to("pass-on")],
    },
    {
        "key": "offer", "kind": "branch",
        "next": [_to("thanks-client", field="contact.lifecycle", **{"is": "client"}), _to("bye")],
    },
    {"key": "thanks-client", "kind": "say", "must_say": True, "text": "Thank you for staying with us!", "next": [_to("bye")]},
    {"key": "pass-on", "kind": "end", "must_say": True, "text": "I pass it on to those who can decide; they call you back.", "outcome": "passed-on"},
    {"key": "bye", "kind": "end", "must_say": True, "text": "Have a good day, {contact.address_form|and good-bye}!", "outcome": "helped"},
]  # fmt: skip
SURVEY: list[dict[str, Any]] = [
    {
        "key": "hello", "kind": "say", "must_say": True, "next": [_to("minute")],
        "text": "{now.greeting}, {contact.address_form}! Это {agent.name}. Мы узнаём, всё ли хорошо с нашими услугами.",
    },
    {
        "key": "minute", "kind": "ask", "must_say": True, "text": "Найдётся ли у вас минута?",
        "choices": _choices(yes="Да", no="Нет"), "next": [_if_answer("yes", "mark"), _to("refused")],
    },
    {
        "key": "mark", "kind": "ask", "must_say": True, "text": "Оцените, пожалуйста, доставку от одного до пяти.",
        "choices": _choices(**{str(mark): str(mark) for mark in range(1, 6)}),
        "next": [_to("why", field="answer", at_most=3), _to("news")],
    },
    {"key": "why", "kind": "ask", "text": "Что нам исправить?", "next": [_to("news")]},
    {"key": "news", "kind": "field", "field": "email", "text": "На какой адрес прислать итоги опроса?", "next": [_to("thanks")]},
    {"key": "thanks", "kind": "end", "must_say": True, "text": "Благодарим за ответы! Всего доброго!", "outcome": "answered"},
    {"key": "refused", "kind": "end", "must_say": True, "text": "Извините за беспокойство. Всего доброго!", "outcome": "refused"},
]  # fmt: skip
SCRIPTS: list[tuple[dict[str, Any], list[dict[str, Any]]]] = [
    ({"code": "first-line-en", "name": "First line", "purpose": Script.Purpose.INBOUND, "language": "en"}, INBOUND),
    ({"code": "delivery-survey-ru", "name": "Опрос о доставке", "purpose": Script.Purpose.SURVEY, "language": "ru"}, SURVEY),
]


def write(made: House, *, now: datetime) -> list[ScriptVersion]:
    """Write the scripts and publish them."""
    by = made.staff["sergei"]
    versions = []
    for fields, steps in SCRIPTS:
        script = upkeep.add(Script, by=by, now=now, **fields)
        draft = scripts.draft(script.pk, by=by, now=now)
        scripts.write(draft.pk, steps=steps, by=by, now=now)
        versions.append(scripts.publish(draft.pk, by=by, now=now))
    return versions


def go_through(random: Random, versions: list[ScriptVersion]) -> int:
    """Let operators go through the scripts in calls that are over; now and then somebody leaves out what must be said."""
    found = Call.objects.filter(agent__isnull=False, contact__isnull=False, answered_at__isnull=False, ended_at__isnull=False)
    calls = list(found.select_related("agent").order_by("-started_at", "-id")[:RUNS])
    for call in calls:
        if call.direction == Call.Direction.INTERNAL or call.agent is None or call.answered_at is None or call.ended_at is None:
            continue
        version = versions[call.direction == Call.Direction.OUTBOUND]
        at = call.answered_at
        run, _ = script_runs.start(call.pk, version=version, by=call.agent, now=at)
        step, sequence = script_runs.judge(run).next_step, 0
        while step is not None and at < call.ended_at:
            here = version.steps.get(key=step)
            answer = random.choice(here.choices)["value"] if here.choices else "Ничего" if here.kind == "ask" else None
            sequence, at = sequence + 1, min(at + timedelta(seconds=random.uniform(4, 15)), call.ended_at)
            run = script_runs.pass_step(run.pk, sequence=sequence, step=step, answer=answer, at=at, by=call.agent, now=at)
            following = script_runs.judge(run).next_step
            step = "bye" if following == "thanks-client" and random.random() < 0.4 else following
        script_runs.finish(run.pk, by=call.agent, now=max(at, call.ended_at))
    return len(calls)
