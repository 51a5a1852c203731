"""Recipes of the ground, of contacts and of calls."""

from datetime import timedelta
from typing import Any

from django.core.files.uploadedfile import SimpleUploadedFile
from django.utils import timezone

from calls import intake
from calls.models import CallEvent
from config.platform import tokens
from config.platform.models import Role
from crm.models import Import, ImportRow
from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.calls import (
    AgentExtensionFactory,
    CallEventFactory,
    CallFactory,
    CallKeyFactory,
    CallLegFactory,
    DispositionFactory,
    PhoneSystemFactory,
)
from tests.factories.crm import (
    ContactAddressFactory,
    ContactEmailFactory,
    ContactFactory,
    CustomFieldFactory,
    DepartmentFactory,
    ImportFactory,
    ImportRowFactory,
    NoteFactory,
    PhoneNumberFactory,
    TeamFactory,
    TopicFactory,
)
from tests.factories.platform import OutboxEventFactory, UserFactory, WebhookDeliveryFactory, WebhookEndpointFactory


def department():
    row = DepartmentFactory(parent=DepartmentFactory(), head=UserFactory())
    row.members.add(UserFactory())
    return row


def of_people() -> dict[str, Any]:
    return {"name": "Repairs", "members": [str(UserFactory().pk), str(UserFactory().pk)]}


catalogue(
    "departments",
    department,
    lambda: of_people() | {"parent": str(DepartmentFactory().pk), "time_zone": "Asia/Manila"},
    {"name": "Returns", "members": []},
)
catalogue(
    "teams",
    lambda: TeamFactory(members=[UserFactory()]),
    lambda: of_people() | {"department": str(DepartmentFactory().pk)},
    {"is_active": False},
)
catalogue(
    "topics",
    lambda: TopicFactory(parent=TopicFactory()),
    lambda: {"code": "late", "name": "Late", "parent": str(TopicFactory().pk)},
    {"is_hard": True},
)
catalogue(
    "custom_fields",
    CustomFieldFactory,
    lambda: {"entity": "contact", "key": "class", "label": "Class", "type": "choice", "choices": ["gold", "silver"]},
    {"order": 7},
)
catalogue(
    "phone_systems",
    PhoneSystemFactory,
    lambda: {
        "slug": "pbx",
        "name": "PBX",
        "auth_mode": "hmac_t_v1",
        "secret": "thirty-two characters, or so they say",
        "own_lines": ["+6328123456"],
    },
    {"default_region": "PH"},
)
catalogue(
    "extensions",
    AgentExtensionFactory,
    lambda: {"user": str(UserFactory().pk), "phone_system": str(PhoneSystemFactory().pk), "extension": "900"},
    {"extension": "901"},
)


# --- the ground
@recipe("me_retrieve", "problems_list")
def nothing() -> Asked:
    return Asked()


@recipe("problems_retrieve")
def a_problem() -> Asked:
    return Asked(id="version_conflict")


@recipe("tokens_create")
def login() -> Asked:
    UserFactory(username="anna", password="correct horse battery")
    return Asked(body={"username": "anna", "password": "correct horse battery"})


@recipe("tokens_issue")
def issue() -> Asked:
    machine = UserFactory(role=Role.INTEGRATION)
    return Asked(body={"user": str(machine.pk), "name": "PBX", "scopes": ["events:write"], "expires_in_days": 30})


@recipe("tokens_list", "tokens_retrieve", "tokens_revoke", "audit_events_list")
def a_token() -> Asked:
    now = timezone.now()
    return Asked(tokens.issue(UserFactory(), name="Desk", scopes=["calls:read"], expires_at=now + timedelta(days=1), by=None, now=now)[0])


@recipe("outbox_events_list")
def news() -> Asked:
    return Asked(OutboxEventFactory())


@recipe("webhook_endpoints_list", "webhook_endpoints_retrieve", "webhook_endpoints_destroy")
def a_webhook() -> Asked:
    return Asked(WebhookEndpointFactory(types=["complaint.*"]))


@recipe("webhook_endpoints_disable", "webhook_endpoints_test", "webhook_endpoints_rotate_secret")
def a_webhook_that_works() -> Asked:
    return Asked(WebhookEndpointFactory(), {})


@recipe("webhook_endpoints_enable")
def a_webhook_that_is_off() -> Asked:
    return Asked(WebhookEndpointFactory(is_active=False, disabled_at=timezone.now(), disabled_reason="by_hand"), {"skip_missed": True})


@recipe("webhook_endpoints_create")
def new_webhook() -> Asked:
    return Asked(body={"name": "Helpdesk", "url": "https://93.184.216.34/hooks", "types": ["complaint.*", "satisfaction.answered"]})


@recipe("webhook_endpoints_partial_update")
def change_webhook() -> Asked:
    return Asked(WebhookEndpointFactory(), {"url": "https://93.184.216.34/other", "types": []})


@recipe("webhook_endpoints_replay")
def post_again_what_was_given_up() -> Asked:
    row = WebhookDeliveryFactory(state="given_up", settled_at=timezone.now())
    return Asked(row.endpoint, {"states": ["given_up"], "since": "2026-11-23T00:00:00Z", "until": "2026-11-24T00:00:00Z"})


@recipe("webhook_deliveries_list", "webhook_deliveries_retrieve", "webhook_deliveries_replay")
def a_delivery() -> Asked:
    tried = {"at": "2026-11-23T12:00:01+00:00", "status": 503, "took_ms": 41, "error": "It answers 503."}
    return Asked(WebhookDeliveryFactory(tries=1, last_status=503, last_took_ms=41, last_error="It answers 503.", attempts=[tried]))


@recipe("users_list", "users_retrieve")
def a_user() -> Asked:
    return Asked(UserFactory(email="anna@example.com"))


@recipe("users_create")
def new_user() -> Asked:
    return Asked(
        body={"username": "boris", "password": "correct horse battery", "role": "agent", "surname": "Ли", "time_zone": "Asia/Manila"}
    )


@recipe("users_partial_update")
def change_user() -> Asked:
    return Asked(UserFactory(), {"role": "back_office", "patronymic": ""})


# --- people
def contact():
    row = ContactFactory(phones=["+74950000001", "+639170000002"], employer=ContactFactory(company=True), owner=UserFactory(), tags=["vip"])
    ContactEmailFactory(contact=row)
    ContactAddressFactory(contact=row)
    return row


@recipe("contacts_list", "contacts_retrieve")
def a_contact() -> Asked:
    return Asked(contact())


@recipe("contacts_create")
def new_contact() -> Asked:
    CustomFieldFactory(key="class", type="choice", choices=["gold", "silver"])
    return Asked(
        body={
            "surname": "Фёдорова",
            "name": "Алёна",
            "phones": [{"number": "8 (495) 123-45-67 доб. 5", "label": "work", "is_primary": True}],
            "emails": [{"email": "alyona@example.com"}],
            "addresses": [{"street": "ул. Лесная 1", "city": "Москва", "country": "RU"}],
            "custom_fields": {"class": "gold"},
            "tags": ["newsletter"],
        }
    )


@recipe("contacts_bulk")
def many_contacts() -> Asked:
    return Asked(body={"contacts": [{"surname": "Santos"}, {"phones": [{"number": "+639171234567"}]}, {"surname": 5, "kind": "ghost"}]})


@recipe("contacts_partial_update")
def change_contact() -> Asked:
    return Asked(contact(), {"surname": "Смирнова", "tags": [], "phones": [{"number": "+74950000003"}]})


@recipe("contacts_destroy")
def remove_contact() -> Asked:
    return Asked(ContactFactory())


@recipe("contacts_notes")
def write_note() -> Asked:
    return Asked(ContactFactory(), {"text": "Prefers calls after six.", "is_pinned": True})


@recipe("contacts_timeline")
def a_life() -> Asked:
    row = contact()
    NoteFactory(contact=row)
    CallFactory(contact=row)
    CallFactory(contact=row, missed=True)
    return Asked(row)


@recipe("phone_numbers_list", "phone_numbers_retrieve")
def a_number() -> Asked:
    return Asked(contact().contact_phones.first().phone)


@recipe("phone_numbers_create")
def block_a_number() -> Asked:
    return Asked(body={"number": "8 (495) 123-45-67", "is_blocked": True})


@recipe("phone_numbers_partial_update")
def correct_a_number() -> Asked:
    return Asked(contact().contact_phones.first().phone, {"validity": "unreachable"})


@recipe("lookup_retrieve")
def who_is() -> Asked:
    row = contact()
    CallFactory(contact=row, open=True, from_raw="+74950000001")
    return Asked(query={"phone": "8 495 000-00-01"})


# --- imports
def batch(status: str = Import.Status.READY) -> Import:
    row = ImportFactory(status=status, columns=["ФИО", "Телефон"], mapping={"full_name": 0, "phone": [1]}, total=3)
    ImportRowFactory(batch=row, cells=["Иванов", "84950000001"])
    wrong = [{"field": "phone", "code": "phone_number_invalid", "detail": "This does not read as a phone number."}]
    ImportRowFactory(batch=row, verdict=ImportRow.Verdict.INVALID, cells=["=cmd", "12"], problems=wrong)
    ImportRowFactory(batch=row, verdict=ImportRow.Verdict.DUPLICATE, cells=["Иванов", "84950000001"], duplicate_of_line=2)
    return row


@recipe("imports_list", "imports_retrieve", "imports_rows", "imports_errors", "imports_start", "imports_cancel")
def an_import() -> Asked:
    return Asked(batch())


@recipe("imports_create")
def upload() -> Asked:
    content = "ФИО;Телефон\nИванов Иван;84951112233\n".encode()
    return Asked(body={"file": SimpleUploadedFile("clients.csv", content, "text/csv"), "dry_run": "true"}, kind="multipart")


# --- calls
def call(**traits: Any):
    row = CallFactory(contact=contact(), disposition=DispositionFactory(), **traits)
    row.topics.add(TopicFactory())
    CallKeyFactory(call=row)
    CallLegFactory(call=row)
    CallEventFactory(call=row, phone_system=row.phone_system, call_key=row.external_id)
    return row


@recipe("calls_list", "calls_retrieve", "calls_events", "call_events_list")
def a_call() -> Asked:
    CallFactory(manual=True, open=True)
    return Asked(call())


@recipe("calls_create")
def new_call() -> Asked:
    return Asked(body={"direction": "inbound", "phone": "8 (495) 123-45-67", "contact": str(ContactFactory().pk)})


@recipe("calls_finish")
def end_call() -> Asked:
    return Asked(
        CallFactory(manual=True, open=True, answered_at=None, started_at=timezone.now() - timedelta(minutes=2)), {"outcome": "answered"}
    )


@recipe("calls_identify")
def say_who() -> Asked:
    PhoneNumberFactory(e164="+74950000009")
    return Asked(CallFactory(from_raw="+74950000009"), {"contact": str(ContactFactory().pk)})


@recipe("calls_wrap_up")
def write_up() -> Asked:
    body = {
        "disposition": DispositionFactory(code="advised").code,
        "topics": [TopicFactory(code="late").code],
        "note": "The parcel comes tomorrow.",
    }
    return Asked(call(), body)


@recipe("call_events_create")
def post_event() -> Asked:
    PhoneSystemFactory(slug="pbx")
    contact()
    return Asked(
        body={"event_id": "1", "type": "call.initiated", "call_id": "42", "from": "84950000001", "to": "+78001234567"},
        query={"phone_system": "pbx"},
    )


@recipe("call_events_replay")
def read_anew() -> Asked:
    body = {"event_id": "1", "type": "call.initiated", "call_id": "77", "from": "84950000001"}
    receipt = intake.receive(PhoneSystemFactory(), body, now=timezone.now())
    return Asked(CallEvent.objects.get(pk=receipt.event_id))


@recipe("call_ingest_create")
def post_in_its_own_words() -> Asked:
    PhoneSystemFactory(slug="own-words")
    contact()
    return Asked(
        id="own-words", body={"event_id": "1", "type": "call.initiated", "call_id": "42", "from": "84950000001", "to": "+78001234567"}
    )


@recipe("call_ingest_below")
def post_under_its_name() -> Asked:
    PhoneSystemFactory(slug="under-a-name")
    return Asked(
        id="under-a-name", body={"event_id": "1", "type": "call.initiated", "call_id": "43", "from": "84950000002", "to": "+78001234567"}
    )


@recipe("call_ingest_check")
def is_it_yours() -> Asked:
    PhoneSystemFactory(slug="asks-first")
    return Asked(id="asks-first", query={"challenge": "tell-me-back"})


@recipe("phone_systems_rotate_secret")
def rotate() -> Asked:
    return Asked(PhoneSystemFactory(signing=True), {"overlap_s": 3600})


@recipe("phone_systems_health")
def how_is_it() -> Asked:
    row = call()
    return Asked(row.phone_system)


@recipe("phone_systems_test")
def try_out() -> Asked:
    return Asked(PhoneSystemFactory(signing=True))
