"""Reports of complaints equal a recount by hand of a small world; the back office gets its own departments only."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from calls import wallboard
from complaints import clocks, promise_reports, reports, satisfaction_report
from complaints.models import Complaint
from complaints.reports import Asked
from tests.factories.complaints import ClockFactory, ComplaintFactory, RootCauseFactory, SatisfactionFactory, SLAPolicyFactory
from tests.factories.crm import ContactFactory, DepartmentFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)
NOVEMBER = Asked(datetime(2026, 11, 1, tzinfo=UTC), datetime(2026, 12, 1, tzinfo=UTC))


def test_open_ones_are_told_apart_by_age_and_those_with_a_broken_promise_counted_as_the_list_does():
    claims = DepartmentFactory(name="Claims")
    for days in (0.5, 1, 6, 29, 31):
        ComplaintFactory(department=claims, received_at=NOW - days * DAY)
    ComplaintFactory(department=claims, received_at=NOW - 2 * DAY, due_at=NOW)
    ComplaintFactory(department=claims, received_at=NOW - 2 * DAY, due_at=NOW + HOUR, breached_at=NOW - DAY, in_progress=True)
    ComplaintFactory(department=None, received_at=NOW, due_at=NOW + HOUR)
    ComplaintFactory(closed=True, breached_at=NOW)
    lines, total = reports.open_by_age(NOVEMBER, now=NOW)
    assert [(line["name"], line["open"], line["breached"], line["unassigned"]) for line in lines] == [("Claims", 7, 2, 6), ("", 1, 0, 1)]
    assert [band["open"] for band in lines[0]["bands"]] == [1, 3, 1, 0, 1, 1]
    assert total["due_within_hour"] == 2 and total["oldest_at"] == NOW - 31 * DAY
    assert total["breached"] == Complaint.objects.open().breached(NOW).count()
    assert reports.tile(NOW, None).of_all == {"open": 8, "breached": 2, "due_within_hour": 2}
    assert "complaints" in dict(wallboard.tiles)


def test_a_promise_counts_when_its_verdict_fell_also_one_that_breaks_before_anybody_noted_it():
    policy = SLAPolicyFactory(name="Usual")
    made = {"policy": policy, "state": "met", "due_at": NOW}
    ClockFactory(**made, stopped_at=NOW - DAY)
    ClockFactory(**made, stopped_at=NOW - 40 * DAY, complaint__received_at=NOW - 50 * DAY)
    late = {"policy": policy, "due_at": NOW - 2 * DAY}
    ClockFactory(**late, state="missed", breached_at=NOW - 2 * DAY, stopped_at=NOW + DAY)
    ClockFactory(**late, state="running", breached_at=NOW - 2 * DAY)
    ClockFactory(**late, state="running", next_step_at=NOW - 2 * DAY)
    ClockFactory(policy=policy, state="running", due_at=NOW + HOUR, next_step_at=NOW - HOUR)
    ClockFactory(policy=policy, state="cancelled", stopped_at=NOW - DAY)
    edges = [NOVEMBER.since, NOW - 36 * HOUR, NOVEMBER.until]
    lines, totals = promise_reports.promises(NOVEMBER, edges, by="policy", now=NOW)
    assert [(line["name"], line["met"], line["missed"], line["called_off"]) for line in lines] == [("Usual", 0, 3, 0), ("Usual", 1, 0, 1)]
    assert next(line for line in totals if line["metric"] == "resolve") == {
        "metric": "resolve", "met": 1, "missed": 3, "called_off": 1, "met_share": 0.25,
    }  # fmt: skip


def test_times_are_by_the_wall_clock_and_as_the_promise_counts():
    SLAPolicyFactory(inform_every_s=None)
    for hours in (1, 2, 3, 4, 10):
        complaint = ComplaintFactory(received_at=NOW - DAY)
        clocks.begin(complaint, now=NOW - DAY)
        complaint.acknowledged_at = NOW - DAY + hours * HOUR
        clocks.follow(complaint, now=complaint.acknowledged_at)
        complaint.save()
    ComplaintFactory(received_at=NOW - DAY)
    _, total = promise_reports.times(NOVEMBER)
    step = total[0]
    assert (step["step"], step["n"], step["median_s"], step["p90_s"]) == ("acknowledge", 5, 3 * 3600, pytest.approx(7.6 * 3600))
    assert (step["counted_n"], step["counted_median_s"]) == (5, 3 * 3600)
    assert [one["n"] for one in total[1:]] == [0, 0, 0] and total[3]["median_s"] is None
    assert promise_reports.times(Asked(NOW, NOW + DAY))[1][0]["n"] == 0


def test_outcomes_causes_redress_and_repeated_equal_a_recount():
    packing, carrier = RootCauseFactory(name="Packing"), RootCauseFactory(name="Carrier")
    maria = ContactFactory(surname="Петрова", name="Мария", patronymic="")
    common = {"received_at": NOW - 5 * DAY, "ended_at": NOW - DAY}
    for cause in (packing, packing, packing, carrier, None):
        ComplaintFactory(closed=True, root_cause=cause, contact=maria, reopened_count=cause is carrier, **common)
    ComplaintFactory(resolved=True, redress_amount=None, redress="apology", currency="", **common)
    ComplaintFactory(resolved=True, redress_amount=Decimal("7.50"), currency="PHP", **common)
    ComplaintFactory(received_at=NOW - 60 * DAY, root_cause=carrier)
    lines, total = reports.outcomes(NOVEMBER, by="kind", now=NOW)
    assert (total["received"], total["resolved"], total["upheld"], total["reopened"], total["reopened_share"]) == (7, 7, 7, 1, 0.1429)
    assert [(line["kind"], line["name"], line["received"]) for line in lines] == [("complaint", "Complaint", 7)]
    causes = reports.root_causes(NOVEMBER)
    assert [(one["name"], one["complaints"], one["cumulative_share"]) for one in causes["results"]] == [
        ("Packing", 3, 0.75),
        ("Carrier", 1, 1.0),
    ]
    assert (causes["with_cause"], causes["without_cause"]) == (4, 3)
    given = [(one["redress"], one["currency"], one["complaints"], one["amount"]) for one in reports.redress(NOVEMBER)]
    assert given == [("apology", "", 1, None), ("refund", "EUR", 5, Decimal("50.00")), ("refund", "PHP", 1, Decimal("7.50"))]
    found, contacts = reports.repeated(NOVEMBER, at_least=3)
    assert contacts == 1 and (found[0]["contact"], found[0]["name"], found[0]["complaints"]) == (maria.pk, "Петрова Мария", 5)
    for by in reports.BY:
        assert reports.outcomes(NOVEMBER, by=by, now=NOW)[1] == total, by


def test_satisfaction_is_counted_where_the_complaint_was_closed():
    anna = UserFactory(surname="Иванова", name="Анна", patronymic="")
    for score, solved in ((5, True), (4, None), (1, False)):
        SatisfactionFactory(state="answered", answered_at=NOW, score=score, is_solved=solved, agent=anna, answered_via="link")
    SatisfactionFactory(state="answered", answered_at=NOW - 40 * DAY, score=1)
    SatisfactionFactory(state="declined")
    (line,), total = satisfaction_report.figures(NOVEMBER, by="agent")
    assert (line["agent"], line["name"]) == (anna.pk, "Иванова Анна")
    assert (total["answers"], total["mean"], total["content"], total["content_share"], total["not_solved"]) == (3, 3.33, 2, 0.6667, 1)
    assert {name: value for name, value in line.items() if name not in ("agent", "name")} == total
    assert satisfaction_report.figures(Asked(NOW + DAY, NOW + 2 * DAY))[1]["mean"] is None


def test_the_back_office_gets_its_departments_and_an_asked_department_counts_what_is_beneath(client_of):
    company = DepartmentFactory()
    claims, sales = DepartmentFactory(parent=company), DepartmentFactory()
    for department in (claims, claims, sales):
        ComplaintFactory(department=department, received_at=NOW)
    client = client_of("back_office")
    client.user.departments.add(claims)
    url = "/api/v1/reports/complaints/outcomes/?since=2026-11-30&until=2026-11-30&time_zone=Asia/Manila"

    def received(who, more=""):
        return who.get(url + more).json()["total"]["received"]

    assert received(client) == 2 and received(client, f"&department={sales.pk}") == 0
    lead = client_of("supervisor")
    assert [received(lead), received(lead, f"&department={company.pk}"), received(lead, "&kind=claim")] == [3, 2, 0]
    assert client_of("agent").get(url).status_code == 403
    assert lead.get("/api/v1/reports/complaints/times/?since=2026-11-30&until=2026-11-01").json()["code"] == "period_unusable"


def test_the_page_of_figures_opens_on_much_and_on_nothing_for_the_same_price():
    client = Client()
    client.force_login(UserFactory(role="supervisor", time_zone="Asia/Manila"), backend="django.contrib.auth.backends.ModelBackend")
    url = "/admin/complaints/satisfaction/figures/?since=2026-11-01&until=2026-11-30"
    assert "Nothing is open." in client.get(url).content.decode()
    for n in range(4):
        ComplaintFactory(received_at=NOW - n * DAY)
        ComplaintFactory(closed=True, received_at=NOW - DAY, root_cause=RootCauseFactory())
        SatisfactionFactory(state="answered", answered_at=NOW, score=1 + n)
        ClockFactory(state="met", stopped_at=NOW - DAY)
    with CaptureQueriesContext(connection) as asked:
        page = client.get(url)
    text = page.content.decode()
    assert "polyline" in text and "1 kept" not in text and "4 kept" in text
    assert len(asked) <= 22
    assert "from 1970 to 2999" in client.get(f"{url}&since=1900-01-01").content.decode()
