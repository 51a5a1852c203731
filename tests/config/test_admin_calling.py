"""Windows, limits and callbacks in the admin: written as people write them, through the same rules as everywhere."""

import pytest
from django.test import Client
from django.urls import reverse

from config.platform.models import AuditEvent, Role
from crm.models import CallingLimit, CallingWindow
from tests.factories.callbacks import CallbackFactory
from tests.factories.calling import CallingWindowFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
ADD = "admin:crm_callingwindow_add"
WINDOW = {
    "name": "Sales", "purpose": "marketing", "unknown_zone": "country_zones", "default_zone": "", "start_grace_s": "900", "is_active": "on",
    "monday": "9-13, 14:00-20", "friday": "09:00-24:00", "saturday": "00:00-02:00", "periods": "2026-12-31 – 2027-01-08 New Year\n2027-03-01 Mourning",
}  # fmt: skip


@pytest.fixture
def boss() -> Client:
    client = Client()
    client.force_login(UserFactory(role=Role.SUPERVISOR), backend="django.contrib.auth.backends.ModelBackend")
    return client


def test_a_window_is_written_as_people_write_it_and_read_back(boss):
    answer = boss.post(reverse(ADD), WINDOW)
    assert answer.status_code == 302, answer.context["errors"]
    window = CallingWindow.objects.get()
    assert [(one.weekday, one.opens, one.closes) for one in window.intervals.all()] == [
        (0, 540, 780),
        (0, 840, 1200),
        (4, 540, 1440),
        (5, 0, 120),
    ]
    assert [str(one) for one in window.restricted.all()] == ["2026-12-31 – 2027-01-08 New Year", "2027-03-01 – 2027-03-01 Mourning"]
    page = reverse("admin:crm_callingwindow_change", args=[window.pk])
    shown = boss.get(page).content.decode()
    assert "09:00-13:00, 14:00-20:00" in shown and "2026-12-31 – 2027-01-08 New Year" in shown
    assert boss.post(page, WINDOW | {"monday": "", "keeps_holidays": "on"}).status_code == 302
    window.refresh_from_db()
    assert (window.keeps_holidays, window.version, window.intervals.filter(weekday=0).count()) == (True, 2, 0)
    assert list(AuditEvent.objects.filter(subject_id=window.pk).order_by("id").values_list("verb", flat=True)) == ["add", "alter"]


@pytest.mark.parametrize(
    ("field", "text"), [("monday", "20:00-02:00"), ("monday", "morning"), ("periods", "2027-01-08 – 2026-12-31"), ("periods", "New Year")]
)
def test_what_cannot_be_read_is_told_at_its_field(boss, field, text):
    answer = boss.post(reverse(ADD), WINDOW | {field: text})
    assert answer.status_code == 200 and field in answer.context["adminform"].form.errors
    assert not CallingWindow.objects.exists()


def test_a_second_active_window_of_a_purpose_is_refused_in_words(boss):
    CallingWindowFactory(purpose="marketing", is_active=True)
    answer = boss.post(reverse(ADD), WINDOW)
    assert answer.status_code == 200 and "active window" in answer.content.decode()


def test_a_limit_is_added_and_one_that_limits_nothing_is_not(boss):
    body = {"name": "Three a day", "subject": "number", "window": "calendar_day", "most": "3", "min_gap_s": "0", "manual_calls": "warn", "is_active": "on"}  # fmt: skip
    page = reverse("admin:crm_callinglimit_add")
    assert boss.post(page, body | {"most": ""}).status_code == 200 and not CallingLimit.objects.exists()
    assert boss.post(page, body | {"window": "rolling"}).status_code == 200 and not CallingLimit.objects.exists()
    assert boss.post(page, body).status_code == 302 and CallingLimit.objects.get().most == 3


@pytest.mark.parametrize(("action", "found"), [("to_anyone", ("due", "anyone")), ("call_off", ("cancelled", "agent"))])
def test_a_callback_is_given_to_anyone_or_called_off_with_a_reason(boss, action, found):
    row = CallbackFactory(due=True, recipient="agent", agent=UserFactory())
    page = boss.get(reverse("admin:calls_callback_change", args=[row.pk])).content.decode()
    address = next(part.split('"')[0] for part in page.split('href="') if action.replace("_", "-") in part.split('"')[0] or action in part.split('"')[0])  # fmt: skip
    assert boss.get(address).status_code == 200
    assert boss.post(address, {"reason": "She is ill.", "said": "She is ill.", "note": "She is ill."}).status_code == 302
    row.refresh_from_db()
    assert (row.status, row.recipient) == found
