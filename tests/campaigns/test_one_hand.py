"""Nobody is in two hands: what the migration does with those who were."""

from datetime import UTC, datetime
from importlib import import_module

import pytest
from django.db import connection
from django.utils import timezone

from campaigns import revoking
from campaigns.models import Attempt, Target
from tests.factories.campaigns import AttemptFactory, TargetFactory
from tests.factories.crm import ContactFactory

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
