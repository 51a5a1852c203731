"""A complaint moves only as the table of moves says, through the doors, and whoever must know knows."""

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest

from complaints import deciding, handling, intake, priorities, reopening
from complaints.amounts import CurrenciesDiffer
from complaints.models import Complaint
from complaints.models.complaints import Impact, Priority, Severity, Status
from complaints.ownership import NotYourComplaint
from config.platform.models import AuditEvent, FeedMessage, OutboxEvent, Role
from tests.complaints.statuses import RULING, VERBS, complaint_that_is
from tests.factories.complaints import ComplaintFactory, RoutingRuleFactory, SLAPolicyFactory, WatcherFactory
from tests.factories.crm import ContactFactory, ContactPhoneFactory, DepartmentFactory
from tests.factories.orders import OrderFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
WAITS = (Status.WAITING_CUSTOMER, Status.WAITING_THIRD_PARTY)


def received(**fields) -> Complaint:
    told = {"summary": "The lamp came broken", "contact": ContactFactory(), "by": UserFactory(role=Role.AGENT), "now": NOW}
    return intake.receive(**told | fields)


def told(user) -> list[str]:
    return list(FeedMessage.objects.filter(recipient=user).order_by("id").values_list("kind", flat=True))


def leads(verb: str, status: Status) -> str:
    """Where a verb leads, said once more and apart from the model."""
    if verb == "acknowledge":
        return "acknowledged" if status == Status.RECEIVED else status
    if verb == "assign":
        return status if status in WAITS else "assigned"
    return {
        "start": "in_progress", "wait_for_customer": "waiting_customer", "wait_for_third_party": "waiting_third_party",
        "carry_on": "in_progress", "decide": "decided", "resolve": "resolved", "solve": "resolved", "close": "closed", "reject": "rejected",
        "withdraw": "withdrawn", "reopen": "reopened",
    }.get(verb, status)  # fmt: skip


def test_every_legal_move_leads_where_it_should_and_is_remembered_once():
    boss = UserFactory()
    for status in Status:
        for verb, (act, needs, _, _) in VERBS.items():
            if status not in Complaint.MOVES[verb].start:
                continue
            complaint = complaint_that_is(status, NOW)
            act(complaint.pk, **needs, by=boss, now=NOW + timedelta(hours=1))
            after = Complaint.objects.get(pk=complaint.pk)
            assert after.status == leads(verb, status), (verb, status)
            assert after.version == complaint.version + 1
            (event,) = AuditEvent.objects.filter(subject_id=complaint.pk)
            assert (event.verb, event.by, event.status_before, event.status_after) == (verb, boss, status, after.status)
            (news,) = OutboxEvent.objects.filter(subject_id=complaint.pk)
            assert (news.subject_version, news.data["status"], news.data["verb"]) == (after.version, after.status, verb)


def test_every_illegal_move_is_409_and_changes_nothing(client_of):
    client = client_of("supervisor")
    tried = 0
    for status in Status:
        complaint = complaint_that_is(status, NOW)
        before = Complaint.objects.filter(pk=complaint.pk).values().get()
        for verb, (_, _, address, body) in VERBS.items():
            if status in Complaint.MOVES[verb].start:
                continue
            ask = client.post if address else client.patch
            answer = ask(f"/api/v1/complaints/{complaint.pk}/{address}{'/' if address else ''}", body, format="json")
            assert (answer.status_code, answer.json()["code"]) == (409, "invalid_transition"), (verb, status)
            assert answer.json()["allowed"] == complaint.open_moves()
            tried += 1
        assert Complaint.objects.filter(pk=complaint.pk).values().get() == before
    assert tried > 80 and not AuditEvent.objects.filter(subject_type="complaint").exists()


def test_every_severity_and_impact_has_its_priority_and_more_is_never_less_urgent():
    order = list(Priority)
    table = {(severity, impact): order.index(priorities.usual(severity, impact)) for severity in Severity for impact in Impact}
    for severity, impact in table:
        worse = [(s, i) for s, i in table if list(Severity).index(s) >= list(Severity).index(severity) and list(Impact).index(i) >= list(Impact).index(impact)]  # fmt: skip
        assert all(table[one] >= table[severity, impact] for one in worse)


def test_what_is_told_on_a_call_is_acknowledged_at_once_and_a_letter_is_not():
    assert received(channel="call").acknowledged_at == NOW
    assert received(channel="letter").status == Status.RECEIVED


def test_a_letter_of_yesterday_has_its_promises_since_yesterday_and_its_person_since_now():
    SLAPolicyFactory()
    person = UserFactory()
    complaint = received(channel="letter", received_at=NOW - timedelta(days=1), assignee=person)
    clocks = {clock.metric: clock for clock in complaint.clocks.all()}
    assert clocks["acknowledge"].breached_at == NOW - timedelta(hours=23)
    assert (clocks["assign"].state, clocks["assign"].spent_s) == ("missed", 86400)
    assert complaint.breached_at == NOW - timedelta(hours=23)
    for at in (NOW + timedelta(hours=1), NOW - timedelta(days=400)):
        with pytest.raises(intake.ReceivedWhen):
            received(received_at=at)


def test_whoever_has_the_number_alone_complains_and_is_answered_in_their_language():
    link = ContactPhoneFactory(contact=ContactFactory(language="ru"))
    complaint = received(contact=None, phone=link.phone.e164)
    assert (complaint.contact, complaint.language) == (link.contact, "ru")
    ContactPhoneFactory(phone=link.phone)
    shared = received(contact=None, phone=link.phone.e164)
    assert (shared.contact, shared.e164) == (None, link.phone.e164)
    with pytest.raises(handling.WhoComplains):
        received(contact=None)


def test_a_complaint_that_nobody_has_is_told_to_those_who_lead_and_an_assigned_one_to_its_person():
    head, agent, person = UserFactory(), UserFactory(role=Role.AGENT), UserFactory(role=Role.BACK_OFFICE)
    department = DepartmentFactory(head=head)
    received(department=department, by=agent)
    assert (told(head), told(agent)) == (["complaint.received"], [])
    received(department=department, assignee=person, by=agent)
    assert (told(head), told(person)) == (["complaint.received"], ["complaint.assigned"])


def test_whoever_has_it_or_watches_it_hears_of_every_change_but_not_of_their_own():
    has, watches, other = UserFactory(), UserFactory(), UserFactory()
    complaint = ComplaintFactory(in_progress=True, assignee=has)
    WatcherFactory(complaint=complaint, user=watches)
    handling.wait_for_customer(complaint.pk, reason="A photograph.", by=has, now=NOW)
    assert (told(has), told(watches)) == ([], ["complaint.changed"])
    handling.assign(complaint.pk, assignee=other, by=watches, now=NOW)
    assert (told(has), told(other), told(watches)) == (["complaint.changed"], ["complaint.assigned"], ["complaint.changed"])
    message = FeedMessage.objects.get(recipient=other)
    assert (message.data["status"], message.data["number"], message.contact) == ("waiting_customer", complaint.number, complaint.contact_id)


def test_a_graver_one_moves_its_clocks_says_so_and_tells_whoever_has_it():
    SLAPolicyFactory(position=2)
    SLAPolicyFactory(position=1, priorities=["urgent"], resolve_s=3600)
    person = UserFactory()
    complaint = received(assignee=person)
    handling.alter(complaint.pk, severity="critical", by=UserFactory(), now=NOW)
    complaint.refresh_from_db()
    moved = {"resolve": [(NOW + timedelta(hours=24)).isoformat(), (NOW + timedelta(hours=1)).isoformat()]}
    assert (complaint.priority, complaint.due_at) == ("urgent", NOW + timedelta(hours=1))
    event = AuditEvent.objects.get(subject_id=complaint.pk, verb="alter")
    assert event.facts["clocks"]["resolve"] == moved["resolve"]
    assert told(person) == ["complaint.assigned", "complaint.changed", "complaint.clocks_moved"]
    assert FeedMessage.objects.filter(recipient=person).latest("id").data["clocks"]["resolve"] == moved["resolve"]


def test_a_priority_that_somebody_chose_stays_when_the_severity_changes():
    complaint = received(priority="low", severity="high")
    assert handling.alter(complaint.pk, severity="critical", by=UserFactory(), now=NOW).priority == "low"


def test_an_agent_handles_ones_own_and_what_nobody_has_and_the_back_office_its_departments():
    agent, back = UserFactory(role=Role.AGENT), UserFactory(role=Role.BACK_OFFICE)
    department = DepartmentFactory()
    department.members.add(back)
    held = ComplaintFactory(assigned=True, department=department)
    with pytest.raises(NotYourComplaint):
        handling.start(held.pk, by=agent, now=NOW)
    handling.start(held.pk, by=back, now=NOW)
    elsewhere = ComplaintFactory(assigned=True)
    with pytest.raises(NotYourComplaint):
        handling.start(elsewhere.pk, by=back, now=NOW)
    free = handling.start(ComplaintFactory(status="acknowledged").pk, by=agent, now=NOW)
    assert free.assignee == agent


def test_whoever_just_received_it_may_solve_it_whoever_has_it():
    SLAPolicyFactory()
    agent, has = UserFactory(role=Role.AGENT), UserFactory()
    complaint = ComplaintFactory(status="acknowledged", assignee=has)
    assert deciding.solve(complaint.pk, **RULING, by=agent, now=NOW).assignee == has
    with pytest.raises(NotYourComplaint):
        deciding.solve(ComplaintFactory(in_progress=True).pk, **RULING, by=agent, now=NOW)


def test_what_is_solved_on_the_call_is_received_decided_told_and_resolved_at_once():
    SLAPolicyFactory()
    agent = UserFactory(role=Role.AGENT)
    complaint = received(solve=RULING, by=agent)
    assert (complaint.status, complaint.solved_on_call, complaint.assignee) == ("resolved", True, agent)
    assert complaint.communicated_at == complaint.first_response_at == complaint.resolved_at == NOW
    assert {clock.metric: clock.state for clock in complaint.clocks.all()} == {
        "acknowledge": "met", "assign": "met", "first_response": "met", "resolve": "met", "inform": "met",
    }  # fmt: skip
    assert list(AuditEvent.objects.filter(subject_id=complaint.pk).order_by("id").values_list("verb", flat=True)) == ["receive", "solve"]
    assert set(OutboxEvent.objects.values_list("type", "subject_version")) == {("complaint.received", 1), ("complaint.resolved", 2)}


def test_amounts_stand_in_one_currency():
    complaint = ComplaintFactory(in_progress=True, amount_claimed="20.00", currency="EUR")
    with pytest.raises(CurrenciesDiffer):
        deciding.decide(complaint.pk, **RULING | {"currency": "USD"}, by=UserFactory(), now=NOW)
    without = {name: value for name, value in RULING.items() if name != "currency"}
    assert deciding.decide(complaint.pk, **without, by=UserFactory(), now=NOW).currency == "EUR"


def test_the_customer_is_told_once_and_not_before_it_is_decided():
    boss, complaint = UserFactory(), ComplaintFactory(decided=True, received_at=NOW)
    for at in (NOW - timedelta(hours=1), NOW + timedelta(days=2)):
        with pytest.raises(deciding.CommunicatedWhen):
            deciding.communicate(complaint.pk, via="letter", at=at, by=boss, now=NOW + timedelta(hours=2))
    deciding.communicate(complaint.pk, via="letter", at=NOW + timedelta(hours=1), by=boss, now=NOW + timedelta(hours=2))
    with pytest.raises(deciding.AlreadyCommunicated):
        deciding.communicate(complaint.pk, by=boss, now=NOW + timedelta(hours=3))


def test_a_reopened_complaint_is_promised_anew_and_after_the_time_a_new_one_follows_it(settings):
    SLAPolicyFactory()
    boss = UserFactory()
    old = received(solve=RULING)
    again = reopening.reopen(old.pk, reason="It flickers.", by=boss, now=NOW + timedelta(days=settings.COMPLAINT_REOPEN_DAYS))
    assert (again.pk, again.status, again.reopened_count, again.solved_on_call) == (old.pk, "reopened", 1, False)
    assert set(again.clocks.going().values_list("metric", "cycle")) == {("resolve", 2), ("inform", 2)}
    deciding.solve(old.pk, **RULING, by=boss, now=NOW + timedelta(days=31))
    late = NOW + timedelta(days=32 + settings.COMPLAINT_REOPEN_DAYS)
    new = reopening.reopen(old.pk, reason="It flickers.", by=boss, now=late)
    assert (new.follows, new.contact, new.description, new.status) == (old, old.contact, "It flickers.", "acknowledged")
    assert Complaint.objects.get(pk=old.pk).status == "resolved"
    with pytest.raises(reopening.AlreadyFollowed):
        reopening.reopen(old.pk, reason="It flickers.", by=boss, now=late)


def test_what_was_decided_before_it_came_back_stays_decided_when_it_is_withdrawn():
    boss, complaint = UserFactory(), complaint_that_is(Status.RESOLVED, NOW)
    reopening.reopen(complaint.pk, reason="It flickers.", by=boss, now=NOW)
    after = deciding.withdraw(complaint.pk, by=boss, now=NOW)
    assert (after.decision, after.redress_amount) == ("upheld", Decimal(10))


def test_an_order_says_whose_it_is_when_the_number_does_not():
    order = OrderFactory(contact=ContactFactory(language="ru"))
    complaint = received(contact=None, phone="+4930901820", order=order)
    assert (complaint.contact, complaint.e164, complaint.language) == (order.contact, "+4930901820", "ru")


def test_what_comes_back_when_its_department_is_no_more_goes_where_the_rules_say(settings):
    gone, here = DepartmentFactory(is_active=False), DepartmentFactory()
    RoutingRuleFactory(department=here)
    old = ComplaintFactory(closed=True, department=gone, ended_at=NOW)
    late = NOW + timedelta(days=settings.COMPLAINT_REOPEN_DAYS + 1)
    assert reopening.reopen(old.pk, reason="It flickers.", by=UserFactory(), now=late).department == here


def test_no_change_leaves_a_complaint_without_anybody_or_a_decided_amount_in_another_currency():
    boss, complaint = UserFactory(), received(contact=None, phone="+4930901820")
    with pytest.raises(handling.WhoComplains):
        handling.alter(complaint.pk, phone="", by=boss, now=NOW)
    decided = ComplaintFactory(decided=True)
    with pytest.raises(CurrenciesDiffer):
        handling.alter(decided.pk, currency="USD", by=boss, now=NOW)
    assert handling.alter(decided.pk, currency="EUR", by=boss, now=NOW).currency == "EUR"


def test_what_is_solved_on_the_call_may_be_somebody_elses():
    person = UserFactory()
    complaint = received(solve=RULING, assignee=person)
    assert (complaint.status, complaint.assignee) == ("resolved", person)


def test_nobody_is_asked_whether_they_are_content_with_what_is_worked_on_again():
    boss, complaint = UserFactory(), received(solve=RULING)
    deciding.close(complaint.pk, by=boss, now=NOW)
    asked = complaint.satisfactions.get()
    reopening.reopen(complaint.pk, reason="It flickers.", by=boss, now=NOW)
    asked.refresh_from_db()
    assert asked.state == "expired"
    deciding.solve(complaint.pk, **RULING, by=boss, now=NOW)
    deciding.close(complaint.pk, by=boss, now=NOW)
    assert list(complaint.satisfactions.order_by("cycle").values_list("cycle", "state")) == [(1, "expired"), (2, "owed")]
