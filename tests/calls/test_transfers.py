"""Calls passed on (I4): what is known goes along, what became of it follows from the events, and nothing stays asked for ever."""

import random
from datetime import timedelta

import pytest
from django.utils import timezone

from calls import intake, transfers
from calls.models import Call, CallTransfer
from config.platform.models import FeedMessage
from crm import erasure
from tests.factories.calls import AgentExtensionFactory, CallFactory, PhoneSystemFactory, QueueFactory
from tests.factories.crm import ContactPhoneFactory, DepartmentFactory, TeamFactory, TopicFactory
from tests.factories.follow_ups import TaskFactory
from tests.factories.platform import UserFactory
from tests.factories.return_calls import CallTransferFactory
from tests.factories.scripts import ScriptRunFactory

pytestmark = pytest.mark.django_db
CALLER, LINE = "+74951234567", "+78001234567"


@pytest.fixture
def start():
    return timezone.now().replace(microsecond=0) - timedelta(minutes=1)


@pytest.fixture
def desk(start):
    """A phone system, Anna at 201, Boris at 305, and a call that Anna has."""
    system = PhoneSystemFactory(own_lines=[LINE])
    anna, boris = (AgentExtensionFactory(phone_system=system, extension=one).user for one in ("201", "305"))
    return system, anna, boris


class Story:
    """Events of one call, seconds after its beginning."""

    def __init__(self, system, start):
        self.system, self.start = system, start

    def event(self, kind, seconds, **more):
        return {"type": kind, "call_id": "c", "occurred_at": (self.start + timedelta(seconds=seconds)).isoformat(), **more}

    def leg(self, kind, seconds, extension):
        return self.event(f"leg.{kind}", seconds, leg_id=f"l{extension}", agent={"extension": extension})

    def passed(self, seconds, to, kind="blind"):
        return self.event("call.transferred", seconds, agent={"extension": "201"}, transfer={"kind": kind, "to": to})

    def begun(self):
        return [self.event("call.initiated", 0, direction="inbound", **{"from": CALLER, "to": LINE}), self.leg("answered", 5, "201")]

    def tell(self, *events) -> Call:
        for event in events:
            receipt = intake.receive(self.system, event, now=timezone.now())
        return Call.objects.get(pk=receipt.call_id)


@pytest.fixture
def story(desk, start):
    return Story(desk[0], start)


def states():
    return list(CallTransfer.objects.order_by("at").values_list("status", flat=True))


def test_what_is_known_goes_to_whom_the_call_goes_to(client_of, desk, story):
    _, anna, boris = desk
    link = ContactPhoneFactory(phone__e164=CALLER)
    TaskFactory(contact=link.contact)
    call = story.tell(*story.begun())
    call.topics.add(TopicFactory(code="delivery-late"))
    run = ScriptRunFactory(call=call, agent=anna, passed=3, due=5)
    client = client_of(user=anna)
    made = client.post(
        f"/api/v1/calls/{call.pk}/transfers/", {"kind": "attended", "agent": str(boris.pk), "note": "Late again."}, format="json"
    )
    assert made.status_code == 201, made.json()
    shown = made.json()
    assert (shown["state"], shown["from_agent"], shown["to_agent"]) == ("asked", str(anna.pk), str(boris.pk))
    context = shown["context"]
    assert (context["contact"], context["topics"], context["open"]["tasks"]) == (str(link.contact_id), ["delivery-late"], 1)
    assert (context["script"]["run"], context["script"]["passed"], context["script"]["due"]) == (str(run.pk), 3, 5)
    (message,) = FeedMessage.objects.filter(recipient=boris, kind__startswith="transfer.")
    assert (message.kind, message.data["note"], message.data["context"], message.contact) == (
        "transfer.offered",
        "Late again.",
        context,
        link.contact_id,
    )
    assert [one["note"] for one in client.get(f"/api/v1/calls/{call.pk}/transfers/").json()["results"]] == ["Late again."]
    url = f"/api/v1/call-transfers/{shown['id']}"
    stranger = client_of("agent")
    assert stranger.post(f"{url}/accept/").json()["code"] == "transfer_not_yours"
    assert client_of(user=boris).post(f"{url}/accept/").json()["state"] == "accepted"
    assert FeedMessage.objects.get(recipient=anna, kind__startswith="transfer.").kind == "transfer.answered"
    pop = client_of("integration", scopes=["events:write"]).post(
        f"/api/v1/calls/events/?phone_system={desk[0].slug}", story.leg("ringing", 30, "305"), format="json"
    )
    assert pop.json()["screen_pop"]["transfer"]["note"] == "Late again."


def test_an_asked_and_a_told_transfer_are_one_and_its_result_follows(desk, story):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    transfers.ask(call.pk, kind="blind", agent=boris, note="x", by=anna, now=story.start + timedelta(seconds=38))
    story.tell(story.passed(40, {"extension": "305"}), story.leg("ended", 40, "201"), story.leg("ringing", 41, "305"))
    assert states() == ["under_way"]
    story.tell(story.leg("answered", 45, "305"))
    assert states() == ["completed"]
    assert list(FeedMessage.objects.filter(recipient=anna, kind__startswith="transfer.").values_list("kind", flat=True)) == [
        "transfer.ended"
    ]
    story.tell(story.event("call.ended", 90))
    row = CallTransfer.objects.get()
    assert (row.status, row.note, row.told_at) == ("completed", "x", story.start + timedelta(seconds=40))


@pytest.mark.parametrize(
    ("target", "result"), [({"extension": "305"}, "returned"), ({"extension": "305"}, "failed"), ({"queue": "sales"}, "abandoned")]
)
def test_the_result_that_the_phone_system_tells_is_the_result(desk, story, target, result):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    given = {"agent": boris} if "extension" in target else {"queue": QueueFactory(slug="sales")}
    transfers.ask(call.pk, kind="attended", **given, by=anna, now=story.start + timedelta(seconds=20))
    event = story.passed(40, target)
    event["transfer"]["result"] = result
    story.tell(event)
    assert states() == [result]


def test_one_that_nobody_asked_for_here_is_kept_as_told(desk, story):
    story.tell(
        *story.begun(),
        story.passed(40, {"extension": "305"}),
        story.leg("answered", 45, "305"),
        story.passed(60, {"number": "+74957654321"}),
    )
    first, second = CallTransfer.objects.order_by("at")
    assert (first.status, first.from_agent, first.to_agent, first.asked_at) == ("completed", desk[1], desk[2], None)
    assert (second.to_number, second.status) == ("+74957654321", "under_way")
    story.tell(story.event("call.ended", 100))
    assert CallTransfer.objects.order_by("at").last().status in ("unknown", "failed", "abandoned")


def test_any_order_of_events_with_doubles_gives_the_same_transfers(desk, story):
    _, anna, boris = desk
    QueueFactory(slug="sales")
    events = [
        *story.begun(), story.passed(40, {"extension": "305"}), story.leg("ended", 40, "201"), story.leg("ringing", 41, "305"),
        story.leg("answered", 45, "305"), story.passed(60, {"queue": "sales"}), story.leg("ended", 61, "305"), story.event("call.ended", 90),
    ]  # fmt: skip
    call, rng, wanted = story.tell(events[0]), random.Random(3), None
    transfers.ask(call.pk, kind="blind", agent=boris, by=anna, now=story.start + timedelta(seconds=35))
    for _ in range(40):
        shuffled = events + rng.sample(events, 3)
        rng.shuffle(shuffled)
        story.tell(*shuffled)
        found = list(
            CallTransfer.objects.order_by("at").values_list("status", "kind", "told_key", "to_agent", "to_queue", "asked_by", "told_at")
        )
        wanted = wanted or found
        assert found == wanted and len(found) == 2
        from calls.models import CallEvent, CallLeg

        CallEvent.objects.all().delete(), CallLeg.objects.all().delete()
    assert [row[0] for row in wanted] == ["completed", "abandoned"]


def test_computing_the_call_anew_writes_nothing(desk, story):
    call = story.tell(
        *story.begun(), story.passed(40, {"extension": "305"}), story.leg("answered", 45, "305"), story.event("call.ended", 90)
    )
    before = list(CallTransfer.objects.values())
    intake.refold(call, system=desk[0], now=timezone.now())
    assert list(CallTransfer.objects.values()) == before


def test_whoever_answers_after_it_was_asked_for_completes_it_though_no_transfer_is_told(desk, story):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    transfers.ask(call.pk, kind="attended", agent=boris, by=anna, now=story.start + timedelta(seconds=20))
    story.tell(story.leg("answered", 30, "305"))
    assert states() == ["completed"]


def test_nothing_stays_asked_for_ever_and_late_news_still_counts(desk, story):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    asked_at = story.start + timedelta(seconds=20)
    transfers.ask(call.pk, kind="blind", agent=boris, by=anna, now=asked_at)
    assert [transfers.expire(now=asked_at + timedelta(seconds=after)) for after in (170, 190, 190)] == [0, 1, 0]
    assert states() == ["expired"]
    assert FeedMessage.objects.get(recipient=anna, kind__startswith="transfer.").data["state"] == "expired"
    story.tell(story.passed(40, {"extension": "305"}), story.leg("answered", 45, "305"))
    assert states() == ["completed"]


def test_the_end_of_the_call_ends_what_was_asked_for(desk, story):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    transfers.ask(call.pk, kind="blind", agent=boris, by=anna, now=story.start + timedelta(seconds=20))
    story.tell(story.event("call.ended", 50))
    assert states() == ["expired"]


def test_who_hears_of_it():
    team, department = TeamFactory(), DepartmentFactory()
    people = [UserFactory(role="agent") for _ in range(3)]
    team.members.add(people[0], people[1])
    queue = QueueFactory(slug="sales")
    queue.teams.add(team)
    empty = DepartmentFactory(head=people[2])
    department.members.add(people[1])
    asked = {"to_agent": None}
    assert set(transfers.recipients(CallTransferFactory.build(call=CallFactory.build(), to_queue="sales", **asked))) == {
        people[0].pk,
        people[1].pk,
    }
    assert transfers.recipients(CallTransferFactory.build(call=CallFactory.build(), to_department=department, **asked)) == [people[1].pk]
    assert transfers.recipients(CallTransferFactory.build(call=CallFactory.build(), to_department=empty, **asked)) == [people[2].pk]
    assert transfers.recipients(CallTransferFactory.build(call=CallFactory.build(), to_number="+74957654321", **asked)) == []


@pytest.mark.parametrize(
    ("body", "status", "code"),
    [
        ({}, 400, "transfer_target_unclear"),
        ({"agent": "boris", "number": "+74957654321"}, 400, "transfer_target_unclear"),
        ({"agent": "anna"}, 400, "transfer_to_yourself"),
        ({"number": "305"}, 400, "phone_number_internal"),
        ({"number": "x"}, 400, "phone_number_invalid"),
        ({"queue": "nowhere"}, 400, "invalid"),
    ],
)
def test_a_target_that_cannot_be_is_refused(client_of, desk, story, body, status, code):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    ids = {"anna": str(anna.pk), "boris": str(boris.pk)}
    answer = client_of(user=anna).post(
        f"/api/v1/calls/{call.pk}/transfers/", {key: ids.get(value, value) for key, value in body.items()}, format="json"
    )
    assert (answer.status_code, answer.json()["code"]) == (status, code)


def test_only_who_has_the_call_or_leads_passes_it_on_and_one_at_a_time(client_of, desk, story):
    _, anna, boris = desk
    call = story.tell(*story.begun())
    url, body = f"/api/v1/calls/{call.pk}/transfers/", {"agent": str(boris.pk)}
    third = UserFactory(role="agent")
    assert client_of("agent").post(url, body, format="json").json()["code"] == "not_your_call_to_pass_on"
    made = client_of("supervisor").post(url, body, format="json").json()
    refused = client_of(user=anna).post(url, {"agent": str(third.pk)}, format="json")
    assert (refused.status_code, refused.json()["code"], refused.json()["transfer"]) == (409, "transfer_pending", made["id"])
    declined = client_of(user=boris).post(f"/api/v1/call-transfers/{made['id']}/decline/", {"reason": "Busy."}, format="json").json()
    assert (declined["state"], declined["decline_reason"]) == ("declined", "Busy.")
    again = client_of(user=anna).post(url, {"agent": str(third.pk)}, format="json").json()
    assert client_of(user=third).post(f"/api/v1/call-transfers/{again['id']}/cancel/").status_code == 403
    assert client_of(user=anna).post(f"/api/v1/call-transfers/{again['id']}/cancel/").json()["state"] == "cancelled"
    story.tell(story.event("call.ended", 50))
    assert client_of(user=anna).post(url, body, format="json").json()["code"] == "call_over"


def test_whoever_can_have_it_performed_is_told(desk, story, monkeypatch):
    heard: list[CallTransfer] = []
    monkeypatch.setattr(transfers, "asked", [("performer", heard.append)])
    row = transfers.ask(story.tell(*story.begun()).pk, kind="blind", agent=desk[2], by=desk[1], now=story.start)
    assert heard == [row]


def test_of_an_erased_person_no_word_that_was_handed_on_stays(desk, story):
    link = ContactPhoneFactory(phone__e164=CALLER)
    call = story.tell(*story.begun())
    transfers.ask(call.pk, kind="blind", agent=desk[2], note="Olga, +7 495 123-45-67", by=desk[1], now=story.start)
    story.tell(story.event("call.ended", 90))
    assert "Olga" in str(dict(erasure.holders)["call_transfers"](link.contact_id))
    erasure.erase(link.contact_id, reason="asked", by=None, now=timezone.now())
    assert "Olga" not in str(list(CallTransfer.objects.values())) and CallTransfer.objects.get().note == "(erased)"
