"""What attempts brought is credited once, to whom it is due, and is taken back when it falls through; contacts are collected once."""

from datetime import date, timedelta
from decimal import Decimal

import pytest
from django.utils import timezone

from campaigns import collecting, conversions
from campaigns.models import Collected, Conversion
from config.platform.models import AuditEvent
from crm import lifecycle, ordering
from tests.factories.calls import CallFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
LINES = [{"name": "Lamp", "unit_price": Decimal("750.00"), "quantity": Decimal(2)}]


def attempt_with_call(**more):
    now = timezone.now()
    call = CallFactory(direction="outbound")
    more.setdefault("target__contact__lifecycle", "lead")
    return AttemptFactory(call=call, state="closed", closing="result", closed_at=now, leased_at=now - timedelta(minutes=5), **more)


def kinds(attempt) -> list[str]:
    return sorted(Conversion.objects.standing().filter(attempt=attempt).values_list("kind", flat=True))


def order(attempt, *, by=None, origin=None, now=None):
    now = now or timezone.now()
    return ordering.create(
        contact=attempt.contact, lines=LINES, currency="RUB", origin=origin, at_once=True, by=by or attempt.agent, now=now
    )


def test_an_order_is_credited_to_the_attempt_that_it_came_of_and_no_other():
    """By its origin; else to whoever has the person in hand, or had a moment ago; it makes a client of them, on the same account."""
    said, felt, over, anothers = attempt_with_call(), attempt_with_call(), attempt_with_call(), attempt_with_call()
    order(said, by=UserFactory(), origin={"kind": "call", "id": said.call_id})
    order(felt)
    order(over, now=timezone.now() + timedelta(hours=1))
    order(anothers, by=UserFactory())
    assert [kinds(one) for one in (said, felt, over, anothers)] == [["client", "order"], ["client", "order"], [], []]
    row = Conversion.objects.get(attempt=said, kind="order")
    assert (row.amount, row.currency, row.agent, row.campaign, row.contact) == (
        Decimal("1500.00"), "RUB", said.agent, said.campaign, said.contact,
    )  # fmt: skip
    assert AuditEvent.objects.filter(subject_id=row.pk, verb="credit").exists()


def test_an_order_that_is_called_off_counts_no_longer():
    attempt = attempt_with_call()
    made = order(attempt)
    ordering.cancel(made.pk, reason="Found it cheaper.", by=attempt.agent, now=timezone.now())
    row = Conversion.objects.get(attempt=attempt, kind="order")
    assert kinds(attempt) == ["client"] and made.number in row.reversed_because


def test_a_client_is_credited_by_the_call_that_the_step_names():
    attempt = attempt_with_call()
    lifecycle.convert(attempt.contact_id, origin={"kind": "call", "id": attempt.call_id}, by=None, now=timezone.now())
    assert kinds(attempt) == ["client"]


def test_a_promise_is_written_once_and_withdrawn_by_whose_it_is():
    attempt, now = attempt_with_call(), timezone.now()
    said = {"amount": Decimal("100.00"), "currency": "rub", "due_on": date(2030, 1, 1), "by": attempt.agent, "now": now}
    row = conversions.promise(attempt.pk, **said)
    assert conversions.promise(attempt.pk, **said) == row and row.currency == "RUB"
    with pytest.raises(conversions.AlreadyPromised):
        conversions.promise(attempt.pk, **said | {"note": "Or later."})
    for wrong in ({"currency": ""}, {"amount": None}, {"amount": None, "currency": "", "due_on": None}, {"due_on": date(2020, 1, 1)}):
        with pytest.raises(conversions.PromiseEmpty):
            conversions.promise(attempt.pk, **said | wrong)
    with pytest.raises(conversions.NotYourConversion):
        conversions.take_back(row.pk, reason="No.", by=UserFactory(role="agent"), now=now)
    conversions.take_back(row.pk, reason="It did not come.", by=attempt.agent, now=now)
    with pytest.raises(conversions.AlreadyTakenBack):
        conversions.take_back(row.pk, reason="It did not come.", by=attempt.agent, now=now)
    assert kinds(attempt) == [] and conversions.promise(attempt.pk, **said) != row
    lost = AttemptFactory(state="closed", closing="expired")
    with pytest.raises(conversions.NothingWasSaid):
        conversions.promise(lost.pk, **said)


def test_a_contact_is_collected_once_whoever_finds_them():
    campaign, now, by = CampaignFactory(kind="collection"), timezone.now(), UserFactory()
    known = ContactFactory(phones=["+74951110001"])
    found = collecting.collect(campaign.pk, phones=[{"number": "8 (495) 111-00-01"}], by=by, now=now)
    new = collecting.collect(campaign.pk, phones=[{"number": "+74951110002"}], surname="Smirnova", by=by, now=now)
    again = collecting.collect(campaign.pk, phones=[{"number": "+74951110002"}], surname="Smirnova", by=UserFactory(), now=now)
    assert (found.contact_id, found.is_new, new.is_new, again.pk) == (known.pk, False, True, new.pk)
    assert Collected.objects.filter(campaign=campaign).count() == 2
    for other in (CampaignFactory(), CampaignFactory(kind="collection", status="paused")):
        with pytest.raises(collecting.NotCollecting):
            collecting.collect(other.pk, contact=known, by=by, now=now)
