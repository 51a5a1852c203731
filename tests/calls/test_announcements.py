"""A word from those who lead comes to those it is for, and to nobody else, until it ends."""

from datetime import timedelta

import pytest
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from calls.models import Announcement
from config.platform import feed
from config.platform.models import AuditEvent, FeedMessage
from tests.factories.announcements import AnnouncementFactory
from tests.factories.calls import QueueFactory
from tests.factories.crm import TeamFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss(client_of):
    return client_of("supervisor")


def say(boss, **more):
    until = (timezone.now() + timedelta(hours=1)).isoformat()
    return boss.post("/api/v1/announcements/", {"text": "Closed today.", "until": until, **more}, format="json")


def told() -> set:
    return set(FeedMessage.objects.filter(kind="announcement").values_list("recipient", flat=True))


def test_it_comes_to_everybody_to_a_team_or_to_the_people_of_a_queue(boss):
    anna, boris, machine = UserFactory(role="agent"), UserFactory(role="back_office"), UserFactory(role="integration")
    gone = UserFactory(role="agent", is_active=False)
    team, queue = TeamFactory(), QueueFactory()
    team.members.set([anna, gone])
    queue.teams.set([team])
    assert say(boss).status_code == 201
    assert told() == {anna.pk, boris.pk, boss.user.pk}
    FeedMessage.objects.all().delete()
    say(boss, team=str(team.pk))
    assert told() == {anna.pk}
    FeedMessage.objects.all().delete()
    say(boss, queue=str(queue.pk))
    assert told() == {anna.pk}
    assert machine.pk not in told()


def test_a_screen_shows_it_until_it_ends_or_is_taken_back(boss, client_of):
    anna = client_of("agent")
    team = TeamFactory()
    mine, over = AnnouncementFactory(text="mine"), AnnouncementFactory(until=timezone.now() - timedelta(minutes=1))
    theirs = AnnouncementFactory(team=team)
    shown = feed.screen(anna.user, timezone.now())["announcements"]
    assert [one["text"] for one in shown] == ["mine"]
    assert {row["id"] for row in anna.get("/api/v1/announcements/").json()["results"]} == {str(mine.pk), str(over.pk)}
    assert anna.get(f"/api/v1/announcements/{theirs.pk}/").status_code == 404
    assert len(boss.get("/api/v1/announcements/").json()["results"]) == 3
    assert boss.post(f"/api/v1/announcements/{mine.pk}/withdraw/").json()["withdrawn_at"]
    assert feed.screen(anna.user, timezone.now())["announcements"] == []
    last = FeedMessage.objects.filter(recipient=anna.user).last()
    assert (last.kind, last.data) == ("announcement.withdrawn", {"announcement": str(mine.pk)})


def test_what_would_be_over_before_anybody_sees_it_and_two_audiences_are_refused(boss):
    answer = say(boss, until="2020-01-01T00:00:00Z")
    assert (answer.status_code, answer.json()["code"]) == (400, "end_is_past")
    answer = say(boss, team=str(TeamFactory().pk), queue=str(QueueFactory().pk))
    assert (answer.status_code, answer.json()["code"]) == (409, "announcement_has_one_audience")


def test_the_admin_says_it_as_the_api_does():
    lead, anna = UserFactory(role="supervisor"), UserFactory(role="agent")
    client = Client()
    client.force_login(lead, backend="django.contrib.auth.backends.ModelBackend")
    url = reverse("admin:calls_announcement_add")
    form = {"text": "Closed today.", "until_0": "2036-01-01", "until_1": "10:00:00"}
    assert client.post(url, form).status_code == 302
    row = Announcement.objects.get()
    assert row.by == lead and anna.pk in told()
    assert AuditEvent.objects.filter(subject_id=row.pk, verb="add").exists()
    again = client.post(url, form | {"until_0": "2020-01-01"})
    assert again.status_code == 200 and "later than now" in again.content.decode()
    assert Announcement.objects.count() == 1
    client.post(reverse("admin:calls_announcement_changelist"), {"action": "withdraw", "_selected_action": [str(row.pk)]})
    row.refresh_from_db()
    assert row.withdrawn_at
