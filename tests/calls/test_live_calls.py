"""P17: an operator's screen is told of the calls of that desk, of every part of them, and never of a colleague's."""

from datetime import timedelta

import pytest
from django.utils import timezone

from calls import live_calls
from calls.models import Call
from config.platform import feed
from config.platform.models import FeedMessage
from crm import erasure
from crm.models import Contact
from tests.factories.calls import AgentExtensionFactory, PhoneSystemFactory
from tests.factories.crm import ContactPhoneFactory
from tests.factories.follow_ups import TaskFactory

pytestmark = pytest.mark.django_db


class Desk:
    """A phone system with two operators, and what their screens were told."""

    def __init__(self, client_of) -> None:
        self.system = PhoneSystemFactory(slug="pbx")
        self.anna, self.boris = (AgentExtensionFactory(phone_system=self.system, extension=number).user for number in ("201", "202"))
        self.client, self.n, self.began = client_of("integration", scopes=["events:write"]), 0, timezone.now()
        self.phone = ContactPhoneFactory().phone

    def event(self, type: str, call: str = "c", **more) -> dict:
        self.n += 1
        at = (self.began + timedelta(milliseconds=self.n)).isoformat()
        body = {"type": type, "call_id": call, "occurred_at": at, "direction": "inbound", "from": self.phone.e164, **more}
        answer = self.client.post("/api/v1/calls/events/", body, format="json")
        assert answer.status_code == 200, answer.content
        return answer.json()

    def leg(self, what: str, agent: str = "201", **more) -> dict:
        return self.event(f"leg.{what}", leg_id=f"l{agent}", agent=agent, **more)

    @staticmethod
    def told(user) -> list[str]:
        return list(FeedMessage.objects.filter(recipient=user, kind__startswith="call.").order_by("id").values_list("kind", flat=True))


@pytest.fixture
def desk(client_of) -> Desk:
    return Desk(client_of)


def test_a_call_that_rings_pops_up_with_who_is_calling_and_what_is_open_for_them(desk):
    contact = desk.phone.contact_phones.get().contact
    TaskFactory(contact=contact, title="Call back about the invoice")
    desk.event("call.initiated", to="+78001234567")
    assert desk.told(desk.anna) == []
    answer = desk.leg("ringing")
    message = FeedMessage.objects.get(recipient=desk.anna, kind__startswith="call.")
    assert message.kind == "call.ringing"
    assert str(message.about) == answer["call"]["id"] == message.data["call"]["id"]
    assert message.contact == contact.pk
    assert [one["contact"]["id"] for one in message.data["matches"]] == [str(contact.pk)]
    assert message.data["matches"][0]["contact"]["display_name"] == answer["matches"][0]["contact"]["display_name"]
    assert [task["title"] for task in message.data["open"]["tasks"]] == ["Call back about the invoice"]
    assert message.data["open"]["calls"] == [], "this very call is no news"
    assert message.data["screen_pop"]["contact"] == str(contact.pk)


def test_every_part_of_a_call_is_told_to_its_operator_and_nothing_of_it_to_a_colleague(desk):
    desk.event("call.initiated", to="+78001234567")
    desk.leg("ringing")
    desk.leg("answered")
    desk.leg("held")
    desk.leg("resumed")
    desk.event("call.ended", hangup_by="caller")
    assert desk.told(desk.anna) == ["call.ringing", "call.updated", "call.updated", "call.updated", "call.ended"]
    changed = [one.data["changed"] for one in FeedMessage.objects.filter(recipient=desk.anna, kind="call.updated").order_by("id")]
    assert changed == [["answered"], ["held"], ["resumed"]]
    ended = FeedMessage.objects.get(recipient=desk.anna, kind="call.ended")
    assert (ended.data["outcome"], ended.data["wrap_up"], ended.data["agent"]) == ("answered", "pending", str(desk.anna.pk))
    assert desk.told(desk.boris) == []


def test_whoever_did_not_get_the_call_is_told_that_another_took_it(desk):
    desk.event("call.initiated", to="+78001234567")
    desk.leg("ringing", "201")
    desk.leg("ringing", "202")
    desk.leg("answered", "202")
    assert desk.told(desk.anna) == ["call.ringing", "call.taken"], "at once, and not when the phone system stops the ringing"
    assert FeedMessage.objects.filter(recipient=desk.anna, kind__startswith="call.").last().data["by"] == [str(desk.boris)]
    desk.leg("ended", "201")
    assert desk.told(desk.boris) == ["call.ringing", "call.updated"]
    assert desk.told(desk.anna) == ["call.ringing", "call.taken"]


def test_a_call_that_goes_on_to_the_next_desk_rang_out_at_the_first(desk):
    desk.event("call.initiated", to="+78001234567")
    desk.leg("ringing", "201")
    desk.leg("ended", "201", cause=19)
    desk.leg("ringing", "202")
    assert desk.told(desk.anna) == ["call.ringing", "call.rang_out"]
    assert desk.told(desk.boris) == ["call.ringing"]


def test_the_same_event_again_and_what_comes_hours_late_are_no_news(desk):
    body = {"type": "leg.ringing", "call_id": "c", "event_id": "e", "leg_id": "l", "agent": "201", "from": desk.phone.e164}
    for _ in range(2):
        desk.client.post("/api/v1/calls/events/", body | {"occurred_at": timezone.now().isoformat()}, format="json")
    assert desk.told(desk.anna) == ["call.ringing"]
    old = (timezone.now() - timedelta(hours=2)).isoformat()
    desk.client.post("/api/v1/calls/events/", body | {"call_id": "d", "event_id": "f", "occurred_at": old}, format="json")
    assert desk.told(desk.anna) == ["call.ringing"]


def test_saying_who_it_was_is_told_to_the_operator(desk, client_of):
    desk.phone = type("P", (), {"e164": "+79990001122"})
    desk.event("call.initiated", to="+78001234567")
    desk.leg("ringing")
    desk.leg("answered")
    contact = ContactPhoneFactory().contact
    boss = client_of("supervisor")
    assert boss.post(f"/api/v1/calls/{Call.objects.get().pk}/identify/", {"contact": str(contact.pk)}, format="json").status_code == 200
    last = FeedMessage.objects.filter(recipient=desk.anna, kind__startswith="call.").last()
    assert (last.kind, last.data["changed"], last.data["call"]["contact"]) == ("call.updated", ["identified"], str(contact.pk))


def test_a_screen_begins_with_what_rings_what_goes_on_and_what_is_to_be_written_up(desk):
    desk.event("call.initiated", "done", to="+78001234567")
    desk.leg("answered", call="done")
    desk.event("call.ended", "done")
    desk.event("call.initiated", "on", to="+78001234567")
    desk.leg("answered", call="on")
    desk.event("call.initiated", "rings", to="+78001234567")
    desk.leg("ringing", call="rings")
    ids = dict(Call.objects.values_list("external_id", "pk"))
    shown = feed.screen(desk.anna, timezone.now())["calls"]
    assert [one["call"]["id"] for one in shown["ringing"]] == [str(ids["rings"])]
    assert [one["call"]["id"] for one in shown["talking"]] == [str(ids["on"])]
    assert [(one["id"], one["talk_s"]) for one in shown["to_write_up"]] == [(str(ids["done"]), Call.objects.get(pk=ids["done"]).talk_s)]
    assert shown["ringing"][0]["matches"]
    assert feed.screen(desk.boris, timezone.now())["calls"] == {"ringing": [], "talking": [], "to_write_up": []}


def test_whoever_is_erased_is_taken_out_of_what_screens_were_told_also_where_others_have_the_number(desk):
    """A message about a shared number names everybody who has it."""
    ContactPhoneFactory(phone=desk.phone)
    desk.event("call.initiated", to="+78001234567")
    desk.leg("ringing")
    desk.event("call.ended")
    contact = Contact.objects.filter(contact_phones__phone=desk.phone).first()
    assert contact.surname in str(FeedMessage.objects.filter(kind="call.ringing").values_list("data", flat=True))
    told = live_calls.personal_data(contact.pk)
    assert {one["kind"] for one in told} >= {"call.ringing", "call.ended"}
    erased = erasure.erase(contact.pk, reason="asked for", by=None, now=timezone.now())
    assert erased.counts["feed"] == len(told) >= 2
    assert not FeedMessage.objects.filter(kind__startswith="call.").exists()


def test_messages_are_forgotten_when_nobody_can_come_back_for_them(desk, settings):
    now = timezone.now()
    for hours in (1, 48, 50):
        feed.tell([desk.anna.pk], "call.rang_out", {"call": str(hours)}, now=now - timedelta(hours=hours))
    assert feed.forget(now) == 1
    assert feed.forget(now) == 0
    assert sorted(one.data["call"] for one in FeedMessage.objects.all()) == ["1", "48"]
