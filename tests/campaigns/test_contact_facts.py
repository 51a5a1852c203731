"""What a campaign knows of somebody is told where it is needed, and two contacts that become one are called once."""

import pytest

from config.platform.models import User
from crm import contact_filters, erasure, lookup, merging
from tests.conftest import NOON
from tests.factories.campaigns import AttemptFactory, CampaignFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def states(*targets) -> list[tuple[str, str]]:
    for target in targets:
        target.refresh_from_db()
    return [(target.state, target.reason) for target in targets]


def test_two_that_become_one_are_called_once_and_part_again():
    """The survivor's target goes on; but whoever is done under one name is not called under the other. What is in hand goes on."""
    boss: User = UserFactory(role="supervisor")
    survivor, loser = ContactFactory(phones=["+74951112233"]), ContactFactory(phones=["+74951112244"])
    first, second, third, alone = CampaignFactory.create_batch(4)
    kept, lost = TargetFactory(campaign=first, contact=survivor), TargetFactory(campaign=first, contact=loser)
    waits, done = TargetFactory(campaign=second, contact=survivor), TargetFactory(campaign=second, contact=loser, state="done")
    here, held = TargetFactory(campaign=third, contact=survivor), AttemptFactory(target__campaign=third, target__contact=loser)
    moved = TargetFactory(campaign=alone, contact=loser)
    merge = merging.merge(survivor.pk, loser.pk, by=boss, now=NOON)
    assert states(kept, lost, waits, done) == [("pending", ""), ("suppressed", "merged"), ("suppressed", "merged"), ("done", "")]
    assert states(here, held.target) == [("pending", ""), ("leased", "")]
    moved.refresh_from_db()
    assert moved.contact_id == survivor.pk
    merging.undo(merge.pk, by=boss, now=NOON)
    moved.refresh_from_db()
    assert states(lost, waits) == [("pending", ""), ("pending", "")] and moved.contact_id == loser.pk


def test_what_somebody_is_to_be_called_for_is_open_until_it_is_over():
    contact = ContactFactory(phones=["+74951112233"])
    waits = TargetFactory(contact=contact)
    promised = TargetFactory(contact=contact, state="callback_wait", next_attempt_at=NOON)
    TargetFactory(contact=contact, state="done")
    TargetFactory(contact=contact, campaign__status="draft")
    found = lookup.who_is("+74951112233", region="RU").open["campaigns"]
    assert [str(one["id"]) for one in found] == [str(promised.pk), str(waits.pk)]


def test_contacts_are_chosen_by_their_campaigns():
    one, other = TargetFactory(is_success=True, is_reached=True), TargetFactory()
    number, other_id = one.campaign.number, str(other.campaign_id)
    chosen = {
        name: set(contact_filters.select({name: values}).values_list("pk", flat=True))
        for name, values in {
            "in_campaign": [number, other_id],
            "not_in_campaign": number,
            "campaign_success": [number, other_id],
            "campaign_reached": other_id,
        }.items()
    }
    assert chosen["in_campaign"] == {one.contact_id, other.contact_id} and chosen["not_in_campaign"] == {other.contact_id}
    assert chosen["campaign_success"] == {one.contact_id} and chosen["campaign_reached"] == set()
    with pytest.raises(contact_filters.FilterInvalid):
        contact_filters.select({"in_campaign": "K-1999-000001"})


def test_nobody_is_erased_while_somebody_has_them_in_hand():
    attempt = AttemptFactory()
    assert erasure.reasons_against(attempt.contact_id) == [f"Campaign {attempt.campaign.number} has them in hand."]
    assert erasure.reasons_against(AttemptFactory(state="closed", closing="released").contact_id) == []
