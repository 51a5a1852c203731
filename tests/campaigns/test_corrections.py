"""A wrong result put right: everything stands as if the last one had been written first, the person as well as the campaign's counts."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal
from random import Random

import pytest

from calls import wrap_up
from calls.models import Callback, DispositionEffect
from campaigns import conversions, handout, reporting, running, settling
from campaigns.models import Attempt, Conversion, Target
from config.platform.models import AuditEvent
from crm import ordering, suppression
from crm.models import Suppression
from tests.factories.campaigns import CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.dispositions import DispositionFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)
LATER = NOW + timedelta(days=1)
COURSE = (*settling.COURSE, "is_ready")


class Desk:
    """A campaign with an operator, and the ways in which its calls come out."""

    def __init__(self):
        self.agent = UserFactory(role="agent")
        self.campaign = CampaignFactory(agents=[self.agent], purpose="service")
        self.ways = {
            code: DispositionFactory(code=code, direction="outbound", contact_made=True, **flags)
            for code, flags in {
                "never-again": {"refused": True, "final": True, "suppress_scope": "purpose", "suppress_purpose": "service"},
                "later": {"callback": True},
                "sold": {"success": True, "right_party": True, "final": True},
                "gone": {"number_invalid": True},
                "talked": {},
            }.items()
        }

    def called(self, code, at=NOW):
        target = TargetFactory(campaign=self.campaign, contact=ContactFactory(phones=True))
        attempt = handout.next_for(self.campaign.pk, agent=self.agent, now=at).attempt
        assert attempt.target == target
        return self.say(attempt, code, at + timedelta(minutes=2), ended_at=at + timedelta(minutes=1))

    def say(self, attempt, code, at, **more):
        callback = {"at": LATER} if code == "later" else None
        return reporting.report(
            attempt.pk, attempt.lease_token, disposition=self.ways[code], callback=callback, by=self.agent, now=at, **more
        )


def stands(attempt):
    """All that hangs on how it came out, without ids and the moments of writing."""
    target = Target.objects.get(pk=attempt.target_id)
    course = {name: getattr(target, name) for name in COURSE if name not in ("callback_id", "next_e164")}
    e164 = attempt.e164
    return course | {
        "is_promised": target.callback_id is not None,
        "number": target.next_e164 and target.next_e164 == e164,
        "stops": len(
            suppression.why(e164=e164, contact_id=target.contact_id, purpose="service", channel="call", at=NOW + timedelta(hours=1))
        ),
        "owed": Callback.objects.open().filter(contact=target.contact_id).count(),
        "validity": target.contact.contact_phones.get().phone.validity,
        "counted": list(
            Attempt.objects.filter(target=target).order_by("number").values_list("counted", "closing", "disposition", "is_late")
        ),
    }


def test_refused_for_ever_that_was_meant_as_call_me_tomorrow():
    desk = Desk()
    attempt = desk.called("never-again")
    target = Target.objects.get(pk=attempt.target_id)
    assert (target.state, target.reason, target.is_success) == ("done", "refused", False)
    assert Suppression.objects.filter(lifted_at=None).count() == 1

    wrap_up.wrap_up(attempt.call_id, disposition=desk.ways["later"], callback={"at": LATER}, by=desk.agent, now=NOW + timedelta(minutes=9))
    target.refresh_from_db()
    promise = Callback.objects.get()
    assert not Suppression.objects.filter(lifted_at=None).exists(), "they may be called"
    assert (target.state, target.next_attempt_at, target.callback) == ("callback_wait", LATER, promise)
    assert handout.next_for(desk.campaign.pk, agent=desk.agent, now=LATER + timedelta(minutes=1)).attempt.callback == promise
    handout.release(*Attempt.objects.filter(state="leased").values_list("pk", "lease_token").get(), now=LATER + timedelta(minutes=1))

    fresh = Desk.called(desk, "later")
    mine, theirs = stands(attempt), stands(fresh)
    mine["counted"] = mine["counted"][:1]
    assert (mine.pop("next_attempt_at"), theirs.pop("next_attempt_at")) == (LATER + timedelta(minutes=2), LATER), "given back for a minute"
    assert mine == theirs, "as a fresh one that was written so at once"
    counts = Target.objects.filter(campaign=desk.campaign).values_list("attempts_total", "is_reached", "is_right_party", "is_success")
    assert list(counts) == [(1, True, False, False)] * 2


@pytest.mark.parametrize("seed", range(8))
def test_a_chain_of_corrections_ends_as_the_last_written_first(seed):
    desk, chance = Desk(), Random(seed)
    chain = [chance.choice(list(desk.ways)) for _ in range(5)]
    attempt = desk.called(chain[0])
    for step, code in enumerate(chain[1:], start=1):
        desk.say(attempt, code, NOW + timedelta(minutes=2 + step))
        desk.say(attempt, code, NOW + timedelta(minutes=2 + step, seconds=30))  # told twice
    assert stands(attempt) == stands(desk.called(chain[-1])), chain


def ordered(desk, attempt, at):
    lines = [{"name": "Lamp", "unit_price": Decimal("750.00"), "quantity": Decimal(2)}]
    origin = {"kind": "attempt", "id": attempt.pk}
    return ordering.create(contact=attempt.contact, lines=lines, currency="RUB", origin=origin, at_once=True, by=desk.agent, now=at)


def test_a_sale_that_was_a_refusal_counts_for_nothing_and_counts_again_once_when_it_was_a_sale():
    desk = Desk()
    desk.campaign.goal, desk.campaign.goal_count = "conversions", 9
    desk.campaign.save()
    attempt = desk.called("sold")
    made = ordered(desk, attempt, NOW + timedelta(minutes=2))
    conversions.promise(attempt.pk, note="To pay on Friday.", by=desk.agent, now=NOW + timedelta(minutes=2))
    brought = running.reached(desk.campaign)
    assert brought >= 2

    for step, (code, reached, is_success) in enumerate(
        [("never-again", 0, False), ("gone", 0, False), ("sold", brought, True), ("never-again", 0, False), ("talked", brought, False)]
    ):
        for again in (0, 30):  # told twice
            desk.say(attempt, code, NOW + timedelta(minutes=3 + step, seconds=again))
        assert (running.reached(desk.campaign), Target.objects.get().is_success) == (reached, is_success), code
    made.refresh_from_db()
    assert made.status == "placed", "the order is a fact of its own"
    assert Conversion.objects.count() == brought, "none was written anew"
    verbs = AuditEvent.objects.filter(subject_id=Conversion.objects.get(kind="order").pk).order_by("at").values_list("verb", flat=True)
    assert list(verbs) == ["credit", "take_back", "restore", "take_back", "restore"]


def test_an_order_that_was_called_off_meanwhile_does_not_count_again():
    desk = Desk()
    attempt = desk.called("sold")
    made = ordered(desk, attempt, NOW + timedelta(minutes=2))
    desk.say(attempt, "never-again", NOW + timedelta(minutes=3))
    ordering.cancel(made.pk, reason="Found it cheaper.", by=desk.agent, now=NOW + timedelta(minutes=4))
    desk.say(attempt, "sold", NOW + timedelta(minutes=5))
    assert not Conversion.objects.standing().filter(kind="order").exists()
    effect = DispositionEffect.objects.get(kind="conversions")
    assert (effect.state, bool(effect.reason)) == ("kept", True)
