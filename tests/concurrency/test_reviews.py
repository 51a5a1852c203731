"""Reviewers who claim at once: real connections."""

import threading
from datetime import timedelta

import pytest
from django.db import connections
from django.utils import timezone

from calls import reviews
from calls.models import Review
from config.platform.models import Role
from tests.factories.calls import CallFactory
from tests.factories.platform import UserFactory
from tests.factories.quality import published


@pytest.mark.django_db(transaction=True)
def test_eight_who_claim_at_once_get_eight_calls():
    scorecard, now = published().scorecard, timezone.now()
    agent = UserFactory(role=Role.AGENT)
    for _ in range(8):
        CallFactory(agent=agent, started_at=now - timedelta(hours=1))
    people = [UserFactory(role=Role.SUPERVISOR) for _ in range(8)]
    ready, got = threading.Barrier(8), []

    def claim(person) -> None:
        try:
            ready.wait()
            got.append(reviews.claim_next(scorecard=scorecard, by=person, now=now).call_id)
        except reviews.NoCallLeft:
            got.append(None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim, args=[person]) for person in people]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert None not in got and len(set(got)) == 8


@pytest.mark.django_db(transaction=True)
def test_one_person_on_two_screens_claims_no_more_than_allowed(settings):
    settings.REVIEW_CLAIMS_AT_ONCE = 1
    scorecard, now, person = published().scorecard, timezone.now(), UserFactory(role=Role.SUPERVISOR)
    for _ in range(4):
        CallFactory(started_at=now - timedelta(hours=1))
    ready = threading.Barrier(4)

    def claim() -> None:
        try:
            ready.wait()
            reviews.claim_next(scorecard=scorecard, by=person, now=now)
        except reviews.TooManyClaims:
            pass
        finally:
            connections.close_all()

    threads = [threading.Thread(target=claim) for _ in range(4)]
    [thread.start() for thread in threads]
    [thread.join() for thread in threads]
    assert Review.objects.filter(reviewer=person).count() == 1
