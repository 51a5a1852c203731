"""Return calls at the desk: taken by one, given, done, called off, promised; told of once when overdue; whose they are."""

from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

import pytest
from django.db import connection
from django.utils import timezone

from calls import return_call_report, return_call_sweeps, return_calls
from calls import return_call_settling as settling
from calls.models import Call, ReturnCall
from config.platform.models import AuditEvent, FeedMessage
from crm import erasure, merging, suppression
from tests.factories.calls import CallFactory, PhoneSystemFactory, QueueFactory
from tests.factories.crm import ContactPhoneFactory, DepartmentFactory, TeamFactory
from tests.factories.platform import UserFactory
from tests.factories.return_calls import ReturnCallCallFactory, ReturnCallFactory

pytestmark = pytest.mark.django_db
CALLER = "+74951234567"


def now():
    return timezone.now().replace(microsecond=0)


def missed(number=CALLER, *, minutes_ago=30, **fields) -> Call:
    """A call that nobody answered, and what follows from it."""
    call = CallFactory(missed=True, from_raw=number, started_at=now() - timedelta(minutes=minutes_ago), **fields)
    settling.settle([number], call=call, now=timezone.now())
    return call


# --- verbs


def test_from_hand_to_hand(client_of):
    anna, boris, chief = client_of("agent"), client_of("agent"), client_of("supervisor")
    missed(queue="support")
    (row,) = anna.get("/api/v1/return-calls/", {"owed": "true", "ordering": "due_at"}).json()["results"]
    assert (row["state"], row["times_called"], row["open_moves"]) == ("open", 1, ["assign", "cancel", "complete", "take"])
    assert row["number"] == {"e164": CALLER, "display": "+7 495 123-45-67"}
    url = f"/api/v1/return-calls/{row['id']}"
    assert anna.post(f"{url}/assign/", {"assignee": str(boris.user.pk)}, format="json").status_code == 403
    given = chief.post(f"{url}/assign/", {"assignee": str(boris.user.pk)}, format="json").json()
    assert (given["state"], given["assignee"]) == ("assigned", str(boris.user.pk))
    message = FeedMessage.objects.get(recipient=boris.user)
    assert (message.kind, message.data["return_call"]) == ("return_call.assigned", row["id"])
    refused = anna.post(f"{url}/take/")
    assert (refused.status_code, refused.json()["code"]) == (403, "not_your_return_call")
    assert boris.post(f"{url}/take/").json()["state"] == "in_progress"
    assert boris.post(f"{url}/release/").json()["assignee"] is None
    assert anna.post(f"{url}/take/").json()["assignee"] == str(anna.user.pk)
    assert boris.post(f"{url}/complete/", {"result": "x"}, format="json").status_code == 403
    done = anna.post(f"{url}/complete/", {"result": "She ordered two."}, format="json").json()
    assert (done["state"], done["closed_by"], done["result"], done["open_moves"]) == ("done", str(anna.user.pk), "She ordered two.", [])
    assert 1790 < done["response_s"] < 1860
    assert anna.post(f"{url}/cancel/", {"reason": "x"}, format="json").json()["code"] == "invalid_transition"


def test_what_came_of_it_is_added_to_one_that_closed_by_itself(client_of):
    anna = client_of("agent")
    missed()
    url = f"/api/v1/return-calls/{ReturnCall.objects.get().pk}"
    anna.post(f"{url}/take/")
    spoke = CallFactory(direction="outbound", customer_e164=CALLER, agent=anna.user, started_at=now() - timedelta(minutes=10))
    settling.settle([CALLER], call=spoke, now=timezone.now())
    closed = anna.get(f"{url}/").json()
    assert (closed["state"], closed["closed_by_call"], closed["open_moves"]) == ("auto_closed", str(spoke.pk), ["complete"])
    done = anna.post(f"{url}/complete/", {"result": "All well."}, format="json").json()
    assert (done["state"], done["closed_by_call"], done["response_s"]) == ("done", str(spoke.pk), closed["response_s"])


def test_a_call_with_somebody_else_proves_nothing(client_of):
    missed()
    answer = client_of("agent").post(
        f"/api/v1/return-calls/{ReturnCall.objects.get().pk}/complete/", {"call": str(CallFactory().pk)}, format="json"
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "call_of_somebody_else")


def test_a_promise_is_added_to_what_is_owed_and_settled_by_a_conversation_after_it(client_of):
    anna = client_of("agent")
    talk = CallFactory(customer_e164=CALLER, started_at=now() - timedelta(minutes=5), queue="support")
    made = anna.post("/api/v1/return-calls/", {"call": str(talk.pk), "note": "the price"}, format="json")
    assert (made.status_code, made.json()["reason"], made.json()["times_called"], made.json()["note"]) == (201, "promised", 0, "the price")
    settling.settle([CALLER], call=talk, now=timezone.now())  # the conversation in which it was promised does not keep the promise
    again = anna.post("/api/v1/return-calls/", {"phone": "8 495 123-45-67", "note": "and the size"}, format="json")
    assert (again.status_code, again.json()["id"], again.json()["note"]) == (200, made.json()["id"], "the price\nand the size")
    after = CallFactory(customer_e164=CALLER, started_at=timezone.now() + timedelta(minutes=5))
    settling.settle([CALLER], call=after, now=timezone.now())
    assert ReturnCall.objects.get().status == "auto_closed"


@pytest.mark.parametrize(
    ("body", "code"),
    [({}, "nobody_to_return_to"), ({"phone": "201"}, "phone_number_internal"), ({"phone": "+78001110000"}, "phone_number_internal"), ({"phone": "?"}, "phone_number_invalid")],
)  # fmt: skip
def test_nobody_is_promised_a_call_who_cannot_have_one(client_of, body, code):
    PhoneSystemFactory(own_lines=["+78001110000"])
    answer = client_of("agent").post("/api/v1/return-calls/", body, format="json")
    assert (answer.status_code, answer.json()["code"]) == (400, code)


# --- handed out


def test_the_most_urgent_of_my_queues_comes_first_and_nobody_elses(client_of):
    anna = client_of("agent")
    team, others = TeamFactory(), TeamFactory()
    team.members.add(anna.user)
    QueueFactory(slug="mine").teams.add(team)
    QueueFactory(slug="theirs").teams.add(others)
    department = DepartmentFactory()
    department.members.add(anna.user)
    start = now()
    late, early, theirs, of_department, given = (
        ReturnCallFactory(first_call_at=start - timedelta(minutes=minutes), **fields)
        for minutes, fields in [
            (10, {"queue": "mine"}), (20, {"queue": "mine"}), (90, {"queue": "theirs"}), (15, {"queue": "x", "department": department}),
            (1, {"queue": "theirs", "status": "assigned", "assignee": anna.user}),
        ]
    )  # fmt: skip
    in_line = ReturnCallFactory(
        queue="mine", first_call_at=start, place_kept_from=start - timedelta(minutes=2), urgent_at=start - timedelta(minutes=2)
    )
    for row in (given, in_line, early, of_department, late):
        assert anna.post("/api/v1/return-calls/next/").json()["id"] == str(row.pk)
        assert anna.post("/api/v1/return-calls/next/").json()["id"] == str(row.pk), "what is in hand comes again: an answer may be lost"
        assert anna.post(f"/api/v1/return-calls/{row.pk}/complete/", {"result": "Spoken with."}).status_code == 200
    assert anna.post("/api/v1/return-calls/next/").status_code == 204
    assert client_of("supervisor").post("/api/v1/return-calls/next/").json()["id"] == str(theirs.pk)


def test_who_kept_a_place_in_the_line_waits_for_those_who_came_earlier(client_of):
    anna, start = client_of("agent"), now()
    ReturnCallFactory(queue="q", place_kept_from=start, urgent_at=start, reason="queue_callback")
    earlier = CallFactory(open=True, state="queued", queue="q", queued_at=start - timedelta(seconds=5))
    CallFactory(open=True, state="queued", queue="q", queued_at=start + timedelta(seconds=5))
    assert anna.post("/api/v1/return-calls/next/").status_code == 204
    Call.objects.filter(pk=earlier.pk).update(state="ended", ended_at=start)
    assert anna.post("/api/v1/return-calls/next/").status_code == 200


def test_one_that_may_not_be_called_now_is_passed_over(client_of, monkeypatch):
    row = ReturnCallFactory()
    monkeypatch.setattr(return_calls, "gates", [("hours", lambda one, by, at: False)])
    assert client_of("agent").post("/api/v1/return-calls/next/").status_code == 204
    row.refresh_from_db()
    assert row.status == "open"


def test_one_in_hand_that_may_not_be_called_now_does_not_stand_before_the_others(client_of, monkeypatch):
    anna = client_of("agent")
    in_hand, other = ReturnCallFactory(status="in_progress", assignee=anna.user, taken_at=now()), ReturnCallFactory()
    monkeypatch.setattr(return_calls, "gates", [("called a minute ago", lambda one, by, at: one.pk != in_hand.pk)])
    assert anna.post("/api/v1/return-calls/next/").json()["id"] == str(other.pk)


@pytest.mark.django_db(transaction=True)
def test_many_who_ask_at_once_get_different_ones(client_of):
    rows = [ReturnCallFactory() for _ in range(12)]
    clients, start = [client_of("agent") for _ in range(4)], Barrier(4)

    def done(client, given):
        if given.status_code == 200:
            assert client.post(f"/api/v1/return-calls/{given.json()['id']}/complete/").status_code == 200
        return given

    def run(client):
        try:
            start.wait(10)
            return [done(client, client.post("/api/v1/return-calls/next/")) for _ in range(4)]
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        answers = [answer for some in pool.map(run, clients) for answer in some]
    taken = [answer.json()["id"] for answer in answers if answer.status_code == 200]
    assert sorted(taken) == sorted(str(row.pk) for row in rows)
    assert [answer.status_code for answer in answers].count(204) == 4


@pytest.mark.django_db(transaction=True)
def test_two_who_take_the_same_at_once_do_not_both_have_it(client_of):
    row, clients, start = ReturnCallFactory(), [client_of("agent") for _ in range(2)], Barrier(2)

    def run(client):
        try:
            start.wait(10)
            return client.post(f"/api/v1/return-calls/{row.pk}/take/").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(run, clients)) in ([200, 403], [200, 409])


@pytest.mark.django_db(transaction=True)
def test_calls_of_one_number_told_at_once_are_one_item(client_of):
    system = PhoneSystemFactory(slug="pbx")
    client, start = client_of("integration", scopes=["events:write"]), Barrier(4)

    def run(key):
        event = {"type": "cdr", "call_id": key, "occurred_at": now().isoformat(), "direction": "inbound", "from": CALLER, "duration_s": 30, "talk_s": 0, "cause_text": "NO ANSWER"}  # fmt: skip
        try:
            start.wait(10)
            return client.post(f"/api/v1/calls/events/?phone_system={system.slug}", event, format="json").status_code
        finally:
            connection.close()

    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(run, "abcd")) == [200] * 4
    assert list(ReturnCall.objects.values_list("times_called", "status")) == [(4, "open")]


# --- overdue: one truth, told of once


def test_the_field_the_filter_the_sweep_and_the_report_say_the_same(client_of):
    chief, moment = client_of("supervisor"), timezone.now()
    for minutes in (200, 100, 61, 59, 5):
        for fields in ({}, {"taken": True}, {"done": True}):
            ReturnCallFactory(first_call_at=moment - timedelta(minutes=minutes), **fields)
    listed = chief.get("/api/v1/return-calls/", {"overdue": "true"}).json()["results"]
    others = chief.get("/api/v1/return-calls/", {"overdue": "false"}).json()["results"]
    assert len(listed) == 6 and len(others) == 9
    assert all(row["is_overdue"] for row in listed) and not any(row["is_overdue"] for row in others)
    _, total = return_call_report.figures(moment - timedelta(days=1), moment + timedelta(days=1), now=moment)
    assert total["overdue"] == 6
    assert return_call_sweeps.tell_overdue(now=moment) == 6


def test_leaders_of_the_department_hear_once_of_one_that_is_overdue():
    head, lead, stranger = UserFactory(role="supervisor"), UserFactory(role="supervisor"), UserFactory(role="supervisor")
    department = DepartmentFactory(head=head)
    TeamFactory(department=department, lead=lead)
    row = ReturnCallFactory(department=department, first_call_at=now() - timedelta(hours=2), taken=True)
    assert [return_call_sweeps.tell_overdue(now=timezone.now()) for _ in range(2)] == [1, 0]
    assert set(FeedMessage.objects.filter(about=row.pk).values_list("recipient", "kind")) == {
        (one, "return_call.overdue") for one in (head.pk, lead.pk, row.assignee_id)
    }
    assert not FeedMessage.objects.filter(recipient=stranger).exists()


@pytest.mark.django_db(transaction=True)
def test_sweeps_at_once_tell_once(settings):
    UserFactory(role="supervisor")
    for _ in range(30):
        ReturnCallFactory(first_call_at=now() - timedelta(hours=2))
    start = Barrier(3)

    def run(_):
        try:
            start.wait(10)
            return sum(return_call_sweeps.tell_overdue(now=timezone.now(), limit=7) for _ in range(6))
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as pool:
        assert sum(pool.map(run, range(3))) == 30
    assert FeedMessage.objects.filter(kind="return_call.overdue").count() == 30


def test_a_sweep_that_dies_in_the_middle_has_told_nobody_and_the_next_one_tells(monkeypatch):
    leader = UserFactory(role="supervisor")
    rows = [ReturnCallFactory(first_call_at=now() - timedelta(hours=2)) for _ in range(2)]
    tell, told = return_call_sweeps.return_call_notices.overdue, []

    def killed(row, leaders, *, now):
        tell(row, leaders, now=now)
        told.append(row)
        if len(told) == 2:
            raise SystemExit

    monkeypatch.setattr(return_call_sweeps.return_call_notices, "overdue", killed)
    with pytest.raises(SystemExit):
        return_call_sweeps.tell_overdue(now=timezone.now())
    assert not FeedMessage.objects.exists() and not ReturnCall.objects.exclude(overdue_told_at=None).exists()
    monkeypatch.setattr(return_call_sweeps.return_call_notices, "overdue", tell)
    assert return_call_sweeps.tell_overdue(now=timezone.now()) == 2
    assert set(FeedMessage.objects.values_list("about", "recipient")) == {(row.pk, leader.pk) for row in rows}


# --- whose it is (P3), and who may not be called


def test_the_return_call_of_an_unknown_caller_is_the_contacts_once_there_is_one(client_of):
    anna = client_of("agent")
    call = missed()
    body = {"kind": "person", "surname": "Фёдорова", "phones": [{"number": CALLER}]}
    contact = anna.post("/api/v1/contacts/", body, format="json").json()["id"]
    (row,) = anna.get("/api/v1/return-calls/", {"contact": contact}).json()["results"]
    assert (row["contact"], row["state"]) == (contact, "open")
    assert anna.get(f"/api/v1/calls/{call.pk}/").json()["contact"] == contact
    timeline = anna.get(f"/api/v1/contacts/{contact}/timeline/").json()["results"]
    assert [one["data"]["times_called"] for one in timeline if one["kind"] == "return_call"] == [1]
    assert [one["id"] for one in anna.get("/api/v1/lookup/", {"phone": CALLER}).json()["open"]["return_calls"]] == [row["id"]]


def test_what_was_said_with_the_contact_by_another_number_settles_it_when_we_learn_who_it_was(client_of):
    link = ContactPhoneFactory(phone__e164="+74957654321")
    missed(minutes_ago=30)
    CallFactory(customer_e164="+74957654321", contact=link.contact, started_at=now() - timedelta(minutes=10))
    assert ReturnCall.objects.get().status == "open"
    body = {"phones": [{"number": "+74957654321"}, {"number": CALLER}]}
    assert client_of("agent").patch(f"/api/v1/contacts/{link.contact.pk}/", body, format="json").status_code == 200
    row = ReturnCall.objects.get()
    assert (row.contact_id, row.status) == (link.contact_id, "auto_closed")


def test_a_conversation_with_the_contact_by_another_number_closes_it():
    link = ContactPhoneFactory(phone__e164=CALLER)
    missed(contact=link.contact)
    other = CallFactory(customer_e164="+74957654321", contact=link.contact, started_at=now() - timedelta(minutes=10))
    settling.settle([other.customer_e164], [link.contact_id], call=other, now=timezone.now())
    assert ReturnCall.objects.get().closed_by_call == other


def test_a_merge_takes_them_along_and_its_undoing_brings_them_back():
    link = ContactPhoneFactory(phone__e164=CALLER)
    first, second = link.contact, ContactPhoneFactory(phone=link.phone).contact
    missed()  # whose it is cannot be told: both have the number
    assert ReturnCall.objects.get().contact is None
    made = merging.merge(first.pk, second.pk, by=None, now=timezone.now())
    assert ReturnCall.objects.get().contact_id == first.pk
    merging.undo(made.pk, by=None, now=timezone.now())
    assert ReturnCall.objects.get().contact is None


@pytest.mark.parametrize(("purpose", "state"), [("", "cancelled"), ("marketing", "open"), ("service", "open")])
@pytest.mark.parametrize("is_before", [True, False])
def test_do_not_call_at_all_calls_it_off_and_a_single_purpose_does_not(purpose, state, is_before):
    assignee = UserFactory(role="agent")
    if not is_before:
        missed()
        return_calls.take(ReturnCall.objects.get().pk, by=assignee, now=timezone.now())
    suppression.add(phone=CALLER, purpose=purpose, source="customer", by=None, now=timezone.now() - timedelta(seconds=1))
    if is_before:
        missed()
    row = ReturnCall.objects.get()
    if state == "open":
        assert row.is_owed
    else:
        assert (row.status, row.cancelled_because) == ("cancelled", "suppressed")
        assert list(FeedMessage.objects.values_list("kind", "recipient")) == ([] if is_before else [("return_call.closed", assignee.pk)])


def test_of_an_erased_person_only_that_they_called_stays():
    link = ContactPhoneFactory(phone__e164=CALLER)
    row = ReturnCallCallFactory(return_call__e164=CALLER, return_call__contact=link.contact, return_call__note="asked for Olga").return_call
    assert "asked for Olga" in str(dict(erasure.holders)["return_calls"](link.contact_id))
    erasure.erase(link.contact_id, reason="asked", by=None, now=timezone.now())
    row.refresh_from_db()
    assert (row.status, row.cancelled_because, row.note, row.times_called) == ("cancelled", "erased", "(erased)", 1)
    assert CALLER not in str(ReturnCall.objects.values()) and CALLER not in str(list(AuditEvent.objects.values("changes", "facts")))


# --- joined calls, figures


def test_two_calls_that_prove_to_be_one_count_once():
    from calls import joining

    first, second = missed(), missed()
    assert ReturnCall.objects.get().times_called == 2
    joining.join(first, second, now=timezone.now())
    row = ReturnCall.objects.get()
    assert (row.times_called, row.first_call, row.last_call) == (1, first, first)


def test_the_report_adds_up(client_of):
    start = now()
    a, b = (CallFactory(direction=direction) for direction in ("inbound", "outbound"))
    over = {"closed_at": start, "settled_at": start - timedelta(hours=30)}
    rows = [
        {"status": "auto_closed", "closed_by_call": a, "response_s": 100.0, **over},
        {"status": "auto_closed", "closed_by_call": b, "response_s": 300.0, **over},
        {"status": "done", "response_s": 500.0, **over},
        {"status": "expired", **over},
        {"status": "cancelled", "cancelled_because": "suppressed", **over},
        {"status": "cancelled", "cancelled_because": "was_answered", "times_called": 0, **over},
        {},
        {"queue": "sales", "first_call_at": start},
    ]
    for fields in rows:
        ReturnCallFactory(**{"first_call_at": start - timedelta(hours=30), **fields})
    answer = client_of("supervisor").get("/api/v1/reports/return-calls/").json()
    support, sales = answer["results"]
    assert (support["name"], sales["name"]) == ("support", "sales")
    assert (
        support["opened"]
        == 6
        == sum(support[name] for name in ("done", "called_again", "called_back", "expired", "cancelled", "still_open"))
    )
    assert (support["taken_back"], support["overdue"], support["in_time"]) == (1, 1, 3)
    assert (support["response_median_s"], support["response_p90_s"]) == (300.0, 460.0)
    assert (answer["total"]["opened"], answer["total"]["still_open"], sales["response_median_s"]) == (7, 2, None)
