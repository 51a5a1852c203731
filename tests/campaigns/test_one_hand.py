"""Nobody is in two hands: what the migration does with those who were, what merging does, and what it costs to ask."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import handout, history, revoking
from campaigns.models import Attempt, Target
from crm import merging
from tests.factories.campaigns import AttemptFactory, TargetFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

NOW = datetime(2026, 11, 23, 9, tzinfo=UTC)


@pytest.mark.django_db
def test_of_two_who_had_a_person_when_it_was_forbidden_one_keeps_them_and_the_other_target_waits_again():
    migration = import_module("campaigns.migrations.0002_one_hand")
    contact = ContactFactory(phones=["+74950000001", "+74950000002"])
    with connection.cursor() as cursor:
        cursor.execute("DROP INDEX one_open_attempt_per_contact")
        first, talks, alone = (
            AttemptFactory(target=TargetFactory(contact=who, state=state), e164=e164, state=state, leased_at=NOW)
            for who, state, e164 in (
                (contact, "leased", "+74950000001"),
                (contact, "in_call", "+74950000002"),
                (ContactFactory(), "leased", "+74950000003"),
            )
        )
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute(migration.CLOSE_DOUBLES)
        cursor.execute(migration.INDEX.replace("CONCURRENTLY", ""))
    assert set(Attempt.objects.open()) == {talks, alone}
    Attempt.objects.filter(pk=talks.pk).update(state="closed", closing="result", closed_at=NOW)
    assert revoking.ask_again(now=timezone.now()) == 1
    assert Target.objects.get(pk=first.target_id).state == "pending"


@pytest.mark.django_db
def test_two_contacts_in_two_hands_can_be_merged_and_both_calls_go_on():
    survivor, loser = ContactFactory(phones=["+74950000001"]), ContactFactory(phones=["+74950000002"])
    kept, lost = (AttemptFactory(target=TargetFactory(contact=who, state="leased"), leased_at=NOW) for who in (survivor, loser))
    merging.merge(survivor.pk, loser.pk, by=UserFactory(role="supervisor"), now=NOW)
    assert set(Attempt.objects.open()) == {kept, lost}
    for one in (kept, lost):
        handout.release(one.pk, one.lease_token, now=NOW)
    assert set(Target.objects.values_list("contact", "state")) == {(survivor.pk, "pending")}


@pytest.mark.django_db
def test_what_was_tried_and_what_is_in_hand_is_found_by_the_indexes():
    """Twenty thousand attempts, and the question touches those of one target, one number, one person."""
    one = AttemptFactory(leased_at=NOW)
    with connection.cursor() as cursor:
        cursor.execute("CREATE TEMP TABLE one AS SELECT * FROM campaigns_attempt")
        cursor.execute(
            "INSERT INTO campaigns_attempt SELECT made.* FROM one o, generate_series(1, 20000) n, LATERAL jsonb_populate_record(o, "
            "jsonb_build_object('id', gen_random_uuid(), 'number', 1 + n, 'state', 'closed', 'closing', 'result', 'closed_at', o.leased_at, "
            "'counted', 'contact', 'e164', '+7' || (9000000000 + n))) AS made"
        )
        cursor.execute("ANALYZE campaigns_attempt")
        for statement, values in (
            (history.MADE, [[TargetFactory().pk]]),
            (history.IN_HAND, {"numbers": [one.e164, "+79161234567"], "contacts": [one.contact_id, TargetFactory().contact_id]}),
        ):
            cursor.execute("EXPLAIN ANALYZE " + statement, values)
            plan = "\n".join(row[0] for row in cursor.fetchall())
            assert "Seq Scan on campaigns_attempt" not in plan, plan
