"""Every list and detail costs a fixed number of statements, however many rows there are: the number stands here."""

import pytest
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.utils import timezone

from calls.models import AgentExtension, CallEvent, Disposition
from config.platform.models import AuditEvent
from crm.models import CustomField, Import, Team, Topic
from tests.contract.operations import operations
from tests.contract.recipes.surveys import half_answered, in_use
from tests.factories.agents import AgentPresenceFactory, PauseCodeFactory
from tests.factories.alarms import AlarmFactory
from tests.factories.announcements import AnnouncementFactory
from tests.factories.calendars import CalendarFactory
from tests.factories.call_requests import CallRequestFactory
from tests.factories.callbacks import CallbackFactory
from tests.factories.calling import CallingLimitFactory, CallingWindowFactory
from tests.factories.calls import CallFactory, PhoneSystemFactory, QueueFactory
from tests.factories.campaigns import AttemptFactory, CampaignFactory, ContactListFactory, ConversionFactory, TargetFactory
from tests.factories.complaints import (
    ClockFactory,
    ComplaintTransferFactory,
    EscalationPolicyFactory,
    EscalationStepFactory,
    RootCauseFactory,
    RoutingRuleFactory,
    SatisfactionFactory,
    SLAPolicyFactory,
)
from tests.factories.consent import ConsentFactory, SuppressionFactory, SuppressionUploadFactory
from tests.factories.crm import ContactPhoneFactory, DepartmentFactory, TeamFactory, TopicFactory
from tests.factories.duty import DutyShiftFactory
from tests.factories.exports import ExportFactory, SavedFilterFactory
from tests.factories.follow_ups import TaskFactory
from tests.factories.knowledge import ArticleFactory, question, used
from tests.factories.merging import DuplicateCandidateFactory, MergeRecordFactory
from tests.factories.offers import CategoryFactory, ProductFactory, PromotionFactory
from tests.factories.orders import OrderFactory
from tests.factories.platform import OutboxEventFactory, UserFactory, WebhookDeliveryFactory, WebhookEndpointFactory
from tests.factories.quality import published, submitted
from tests.factories.recordings import RecordingFactory
from tests.factories.return_calls import CallTransferFactory, ReturnCallFactory
from tests.factories.scripts import ScriptRunStepFactory, ScriptVersionFactory

pytestmark = pytest.mark.django_db
TOKEN = 1  # the look-up of the token, in every request


def contacts(n):
    return [ContactPhoneFactory().contact for _ in range(n)]


def calls(n):
    return [CallFactory() for _ in range(n)]


def events(n):
    system = PhoneSystemFactory()
    now = timezone.now()
    return [
        CallEvent.objects.create(phone_system=system, call_key=str(i), dedupe_key=str(i), content_hash="", type="call.ended", occurred_at=now, received_at=now, normalised={}, raw={})
        for i in range(n)
    ]  # fmt: skip


def imports(n):
    return [Import.objects.create(filename="c.csv", size=1, sha256="", region="RU", by=UserFactory(), status="ready") for _ in range(n)]


def members(model, n):
    made = []
    for i in range(n):
        row = model.objects.create(name=f"N{i}") if model is Team else DepartmentFactory()
        row.members.add(UserFactory(), UserFactory())
        made.append(row)
    return made


def extensions(n):
    system = PhoneSystemFactory()
    return [AgentExtension.objects.create(user=UserFactory(), phone_system=system, extension=str(i)) for i in range(n)]


#: list address: (make n rows, statements of the list, statements of one row or None)
COSTS = {
    "announcements": (lambda n: [AnnouncementFactory() for _ in range(n)], 1, 1),
    "contacts": (contacts, 2, 2),  # ids; rows with their phones, e-mails and addresses
    "phone-numbers": (contacts, 2, None),  # numbers; whose they are
    "articles": (lambda n: [ArticleFactory() for _ in range(n)], 3, 3),  # articles; topics; versions
    "article-uses": (lambda n: [used() for _ in range(n)], 1, 1),
    "unanswered-questions": (lambda n: [question() for _ in range(n)], 1, 1),
    "calls": (calls, 2, 2),  # ids; rows with their legs and topics
    "call-requests": (lambda n: [CallRequestFactory() for _ in range(n)], 1, 1),
    "calls/events": (events, 1, None),
    "exports": (lambda n: [ExportFactory() for _ in range(n)], 1, 1),
    "saved-filters": (lambda n: [SavedFilterFactory(is_shared=True) for _ in range(n)], 1, 1),
    "imports": (imports, 1, 1),
    "departments": (lambda n: members(None, n), 2, 2),  # departments; members
    "duty-shifts": (lambda n: [DutyShiftFactory() for _ in range(n)], 1, 1),
    "teams": (lambda n: members(Team, n), 2, 2),
    "calendars": (lambda n: [CalendarFactory() for _ in range(n)], 4, 4),
    "queues": (lambda n: [QueueFactory() for _ in range(n)], 2, 2),  # queues; teams
    "agents": (lambda n: [AgentPresenceFactory(available=True, agent=TeamFactory().members.create(username=f"u{i}")) for i in range(n)], 3, 3),  # agents; teams; their queues
    "pause-codes": (lambda n: [PauseCodeFactory() for _ in range(n)], 1, 1),
    "recordings": (lambda n: [RecordingFactory() for _ in range(n)], 1, 1),
    "return-calls": (lambda n: [ReturnCallFactory() for _ in range(n)], 1, 1),
    "call-transfers": (lambda n: [CallTransferFactory() for _ in range(n)], 1, 1),
    "alarms": (lambda n: [AlarmFactory() for _ in range(n)], 1, 1),
    "tasks": (lambda n: [TaskFactory() for _ in range(n)], 1, 1),
    "categories": (lambda n: [CategoryFactory() for _ in range(n)], 1, 1),
    "products": (lambda n: [ProductFactory(category=CategoryFactory()) for _ in range(n)], 1, 1),
    "promotions": (lambda n: [PromotionFactory(products=[ProductFactory()], categories=[CategoryFactory()]) for _ in range(n)], 3, 3),
    "satisfaction": (lambda n: [SatisfactionFactory() for _ in range(n)], 1, 1),
    "campaigns": (lambda n: [CampaignFactory() for _ in range(n)], 7, 7),  # campaigns; hours, rules, people, teams, dispositions, sources
    "targets": (lambda n: [TargetFactory() for _ in range(n)], 1, 1),
    "attempts": (lambda n: [AttemptFactory() for _ in range(n)], 1, 1),
    "contact-lists": (lambda n: [ContactListFactory() for _ in range(n)], 1, 1),
    "conversions": (lambda n: [ConversionFactory() for _ in range(n)], 1, 1),
    "callbacks": (lambda n: [CallbackFactory() for _ in range(n)], 1, 1),
    "complaint-transfers": (lambda n: [ComplaintTransferFactory() for _ in range(n)], 1, 1),
    "routing-rules": (lambda n: [RoutingRuleFactory(topics=[TopicFactory()], products=[ProductFactory()], categories=[CategoryFactory()]) for _ in range(n)], 4, 4),  # rules; topics; products; categories
    "sla-policies": (lambda n: [SLAPolicyFactory() for _ in range(n)], 1, 1),
    "complaints": (lambda n: [ClockFactory().complaint for _ in range(n)], 2, 2),  # complaints; their newest clocks
    "root-causes": (lambda n: [RootCauseFactory() for _ in range(n)], 1, 1),
    "calling-windows": (lambda n: [CallingWindowFactory() for _ in range(n)], 3, 3),  # windows; intervals; restricted dates
    "calling-limits": (lambda n: [CallingLimitFactory() for _ in range(n)], 1, 1),
    "consents": (lambda n: [ConsentFactory() for _ in range(n)], 1, 1),
    "suppressions": (lambda n: [SuppressionFactory() for _ in range(n)], 1, 1),
    "suppression-uploads": (lambda n: [SuppressionUploadFactory() for _ in range(n)], 1, 1),
    "topics": (lambda n: [Topic.objects.create(code=f"c{i}", name="N") for i in range(n)], 1, 1),
    "custom-fields": (lambda n: [CustomField.objects.create(key=f"k{i}", label="L", type="text") for i in range(n)], 1, 1),
    "orders": (lambda n: [OrderFactory(status="partly_returned") for _ in range(n)], 5, 5),  # orders; lines; amendments; returns; their lines
    "phone-systems": (lambda n: [PhoneSystemFactory() for _ in range(n)], 1, 1),
    "extensions": (extensions, 1, 1),
    "dispositions": (lambda n: [Disposition.objects.create(code=f"c{i}", name="N") for i in range(n)], 1, 1),
    "duplicates": (lambda n: [DuplicateCandidateFactory() for _ in range(n)], 2, 2),  # pairs; both contacts of each
    "merges": (lambda n: [MergeRecordFactory() for _ in range(n)], 1, 1),
    "scripts": (lambda n: [ScriptVersionFactory(script__topics=[TopicFactory()]).script for _ in range(n)], 3, 3),  # scripts; topics; versions
    "script-versions": (lambda n: [ScriptVersionFactory() for _ in range(n)], 2, 2),  # versions with their scripts; steps
    "reviews": (lambda n: [submitted() for _ in range(n)], 3, 3),  # reviews; answers; their checkpoints
    "scorecards": (lambda n: [published().scorecard for _ in range(n)], 3, 3),  # scorecards; queues; versions
    "scorecard-versions": (lambda n: [published() for _ in range(n)], 2, 2),  # versions; checkpoints
    "surveys": (lambda n: [in_use().survey for _ in range(n)], 2, 2),  # surveys; versions
    "survey-versions": (lambda n: [in_use() for _ in range(n)], 3, 3),  # versions; questions; quotas
    "survey-responses": (lambda n: [half_answered() for _ in range(n)], 4, 4),  # responses; questions of the versions; answers; theirs
    "script-runs": (lambda n: [ScriptRunStepFactory().run for _ in range(n)], 4, 4),  # runs; steps of the versions; passings; their steps
    "users": (lambda n: [UserFactory() for _ in range(n)], 1, 1),
    "tokens": (lambda n: [], 1, None),
    "outbox-events": (lambda n: [OutboxEventFactory() for _ in range(n)], 1, None),
    "webhook-endpoints": (lambda n: [WebhookEndpointFactory() for _ in range(n)], 1, None),
    "webhook-deliveries": (lambda n: [WebhookDeliveryFactory() for _ in range(n)], 1, None),
    "audit-events": (lambda n: AuditEvent.objects.bulk_create(AuditEvent(subject_type="x", subject_id=UserFactory().pk, verb="v", at=timezone.now()) for _ in range(n)), 1, None),
    "escalation-policies": (lambda n: [EscalationPolicyFactory(levels=3) for _ in range(n)], 2, 2),
    "escalations": (lambda n: [EscalationStepFactory() for _ in range(n)], 1, 1),
}  # fmt: skip


def test_every_list_has_its_price():
    lists = {one.path.removeprefix("/api/v1/").rstrip("/") for one in operations() if one.id.endswith("_list")} - {"problems"}
    assert lists == set(COSTS)


@pytest.mark.parametrize("name", COSTS)
@pytest.mark.parametrize("count", [1, 15])
def test_a_list_and_a_row_cost_what_the_table_says(client_of, name, count):
    make, list_cost, row_cost = COSTS[name]
    rows = make(count)
    client = client_of("admin")
    client.get("/api/v1/me/")  # the use of the token is noted here, once a minute
    with CaptureQueriesContext(connection) as asked:
        answer = client.get(f"/api/v1/{name}/")
    assert answer.status_code == 200
    assert len(asked) == TOKEN + list_cost, [query["sql"][:120] for query in asked.captured_queries]
    if row_cost is not None:
        with CaptureQueriesContext(connection) as asked:
            answer = client.get(f"/api/v1/{name}/{rows[0].pk}/")
        assert answer.status_code == 200
        assert len(asked) == TOKEN + row_cost, [query["sql"][:120] for query in asked.captured_queries]


@pytest.mark.parametrize("count", [1, 8])
def test_a_look_up_costs_the_same_for_one_and_for_many(client_of, count):
    phone = ContactPhoneFactory().phone
    for _ in range(count - 1):
        ContactPhoneFactory(phone=phone)
    client = client_of("agent")
    client.get("/api/v1/me/")
    with CaptureQueriesContext(connection) as asked:
        assert len(client.get("/api/v1/lookup/", {"phone": phone.e164}).json()["matches"]) == count
    assert len(asked) == TOKEN + 4  # is it a line of ours; who has it; the contacts; what is open


def test_an_event_costs_a_fixed_number_of_statements(client_of):
    PhoneSystemFactory(slug="pbx")
    client = client_of("integration", scopes=["events:write"])
    costs = []
    for n in range(6):
        with CaptureQueriesContext(connection) as asked:
            answer = client.post(
                "/api/v1/calls/events/",
                {"type": "leg.ringing", "call_id": "c", "leg_id": f"l{n}", "agent": "201", "from": "+74951234567"},
                format="json",
            )
        assert answer.status_code == 200
        costs.append(len(asked))
    assert len(set(costs[1:])) == 1 and costs[-1] <= 24, costs
