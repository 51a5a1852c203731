"""The demo: a call centre that looks alive, the same each time, made through the doors that everybody uses."""

import json
from datetime import UTC, datetime, timedelta
from io import StringIO

import phonenumbers
import pytest
from django.core.management import call_command
from django.core.management.base import CommandError
from django.db import transaction
from django.utils import timezone

from calls.demo import day, loading
from calls.models import ArticleUse, Call, CallEvent, UnansweredQuestion
from config.platform import tokens
from config.platform.models import ApiToken, AuditEvent, Scope, User
from crm import duplicate_pairs
from crm.models import (
    Article,
    Consent,
    Contact,
    Department,
    DuplicateCandidate,
    Import,
    LifecycleChange,
    PhoneNumber,
    Suppression,
    SuppressionUpload,
    Task,
)

NOW = datetime(2026, 11, 23, 15, 20, tzinfo=UTC)
pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def files(settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path


def picture() -> list[tuple[object, ...]]:
    return [
        # Some contacts are there twice, with the same name and phone: only the whole row tells which comes first.
        *sorted(
            Contact.objects.values_list(
                "surname", "name", "company_name", "contact_phones__phone__e164", "owner__username", "custom_fields"
            ),
            key=repr,
        ),
        *Call.objects.order_by("external_id", "started_at", "agent__username").values_list(
            "external_id",
            "direction",
            "outcome",
            "started_at",
            "talk_s",
            "agent__username",
            "contact__surname",
            "disposition__code",
            "note",
        ),
    ]


@pytest.fixture
def small(monkeypatch):
    """The same demo with fewer people and calls: what is tested does not depend on how many."""
    monkeypatch.setattr(loading, "PEOPLE", 40)
    monkeypatch.setattr(day, "RHYTHM", tuple(many // 3 for many in day.RHYTHM))


@pytest.mark.long
def test_it_is_the_same_each_time(small):
    seen = []
    for _ in range(2):
        with transaction.atomic():
            loading.load(now=NOW)
            seen.append(picture())
            transaction.set_rollback(True)
    assert seen[0] == seen[1]
    assert len(seen[0]) > 100


@pytest.mark.long
def test_it_looks_like_a_day_of_a_call_centre():
    loading.load(now=NOW)
    assert set(User.objects.values_list("role", flat=True)) == {"agent", "supervisor", "back_office", "admin", "integration"}
    assert Contact.objects.filter(kind="company").count() > 10
    assert Contact.objects.count() > 190
    assert Department.objects.filter(parent=None).count() == 3
    today = Call.objects.filter(started_at__date=NOW.date())
    assert today.count() > 80
    assert {"answered", "abandoned", "overflow"} <= set(today.filter(direction="inbound").values_list("outcome", flat=True))
    assert today.filter(state="in_progress").count() == 3
    assert today.filter(wrap_up_state="done").count() > today.filter(wrap_up_state="pending").count() > 0
    assert today.filter(contact=None).exists()
    assert not Call.objects.filter(started_at__gt=NOW).exists()
    assert not CallEvent.objects.filter(state="accepted").exists()
    assert CallEvent.objects.filter(state="quarantined").count() == 1
    assert Import.objects.get().filename == "autumn-fair-visitors.csv"
    assert AuditEvent.objects.filter(subject_type="contact", verb="add").count() == Contact.objects.count()
    assert Article.objects.readable().count() == Article.objects.count() > 11
    assert ArticleUse.objects.count() > 10 and set(ArticleUse.objects.values_list("key", flat=True)) == {1}
    assert UnansweredQuestion.objects.filter(status="open").count() == 4
    assert Consent.objects.filter(status="granted").count() > Consent.objects.filter(status="refused").count() > 0
    assert Suppression.objects.filter(source="customer").exists() and SuppressionUpload.objects.get().list_code == "registry"
    assert set(Contact.objects.values_list("lifecycle", flat=True)) == set(Contact.Lifecycle.values)
    assert LifecycleChange.objects.filter(to_stage="client").count() > 50
    assert Task.objects.count() > 5
    duplicate_pairs.look(now=timezone.now() + timedelta(minutes=1))
    assert DuplicateCandidate.objects.filter(status="open").count() >= 4
    its_numbers_are_possible_and_its_addresses_are_examples()


def its_numbers_are_possible_and_its_addresses_are_examples() -> None:
    for e164 in PhoneNumber.objects.values_list("e164", flat=True):
        assert phonenumbers.is_possible_number(phonenumbers.parse(e164)), e164
    for email in Contact.objects.exclude(emails=None).values_list("emails__email", flat=True):
        assert "@example." in email or email.endswith(".example"), email


@pytest.mark.parametrize("hour", [0, pytest.param(21, marks=pytest.mark.long)])
def test_it_loads_at_any_hour(small, hour):
    loading.load(now=NOW.replace(hour=hour, minute=1))
    assert Call.objects.open().count() == 5


def test_it_leaves_a_database_with_something_in_it_alone():
    User.objects.create(username="somebody")
    said = StringIO()
    call_command("load_demo", stdout=said)
    assert "no demo data" in said.getvalue()
    assert not Contact.objects.exists()


def test_demo_tokens_open_every_role_and_the_earlier_ones_end(settings):
    settings.DEMO = True
    told = []
    for _ in range(2):
        said = StringIO()
        call_command("demo_tokens", stdout=said)
        told.append(json.loads(said.getvalue()))
    now = datetime.now(UTC)
    first, second = told
    assert set(second) == {"agent", "supervisor", "back_office", "admin", "integration", "admin_password"}
    for role in ("agent", "supervisor", "back_office", "admin", "integration"):
        assert tokens.check(first[role], now=now) is None
        assert tokens.check(second[role], now=now).user.role == role
    assert tokens.check(second["integration"], now=now).scopes == sorted(Scope.values)
    admin = User.objects.get(username=second["admin_password"]["username"])
    assert admin.check_password(second["admin_password"]["password"])
    assert not admin.check_password(first["admin_password"]["password"])


def test_demo_tokens_are_for_the_demo_only(settings):
    settings.DEMO = False
    with pytest.raises(CommandError):
        call_command("demo_tokens")
    assert not ApiToken.objects.exists()
