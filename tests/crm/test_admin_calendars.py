"""Calendars in the admin: hours are written as people write them, through crm.calendars."""

import pytest
from django.test import Client
from django.urls import reverse

from config.platform.models import AuditEvent, Role
from crm import calendars
from crm.models import BusinessCalendar
from tests.config.test_admin_pages import client_for

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return client_for(Role.ADMIN)


SAID = {
    "name": "Head office",
    "time_zone": "Asia/Manila",
    "country": "PH",
    "subdivision": "",
    "monday": "9-13, 14:00-18:00",
    "days": "2026-12-31 09:00-15:00 Short day\n2027-05-10 off Bridge day",
}


def test_hours_are_kept_and_shown_again(boss):
    answer = boss.post(reverse("admin:crm_businesscalendar_add"), SAID)
    assert answer.status_code == 302, answer.content.decode()[:4000]
    calendar = BusinessCalendar.objects.whole().get()
    assert calendars.hours_of(calendar).week[0] == ((540, 780), (840, 1080))
    url = reverse("admin:crm_businesscalendar_change", args=[calendar.pk])
    page = boss.get(url).content.decode()
    assert "09:00-13:00, 14:00-18:00" in page and "2027-05-10 off Bridge day" in page
    assert boss.post(url, SAID | {"monday": "", "days": ""}).status_code == 302
    assert calendars.hours_of(BusinessCalendar.objects.whole().get()).week[0] == ()
    assert list(AuditEvent.objects.filter(subject_id=calendar.pk).order_by("id").values_list("verb", flat=True)) == ["add", "alter"]


def test_what_makes_no_sense_is_said_at_its_field(boss):
    page = boss.post(reverse("admin:crm_businesscalendar_add"), SAID | {"monday": "18-9", "days": "soon off", "subdivision": "XX"})
    assert page.status_code == 200
    text = page.content.decode()
    assert "closes before it opens" in text and "does not begin with a date" in text and "Known here" in text
    assert not BusinessCalendar.objects.exists()
