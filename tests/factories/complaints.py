"""Complaints, and what belongs to them."""

from datetime import UTC, datetime, timedelta

import factory
from django.utils import timezone

from complaints.models import (
    Attachment,
    Clock,
    Complaint,
    ComplaintLink,
    ComplaintMessage,
    ComplaintTransfer,
    EscalationLevel,
    EscalationPolicy,
    EscalationStep,
    RootCause,
    RoutingRule,
    Satisfaction,
    SLAPolicy,
    Watcher,
)
from tests.factories.crm import ContactFactory, DepartmentFactory, TopicFactory
from tests.factories.platform import UserFactory

HOUR = 3600


class RootCauseFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = RootCause

    code = factory.Sequence(lambda n: f"cause-{n}")
    name = factory.Sequence(lambda n: f"Cause {n}")


class EscalationPolicyFactory(factory.django.DjangoModelFactory):
    """``levels=n`` makes so many: an hour of every clock before the due time, at it, an hour after it …"""

    class Meta:
        model = EscalationPolicy
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Ladder {n}")

    @factory.post_generation
    def levels(self, create, extracted, **kwargs):
        for number in range(1, (extracted or 0) + 1):
            EscalationLevelFactory(policy=self, number=number, offset_s=(number - 2) * HOUR, counted="wall", **kwargs)


class EscalationLevelFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EscalationLevel

    policy = factory.SubFactory(EscalationPolicyFactory)
    number = factory.Sequence(lambda n: n % 30_000 + 1)
    offset_s = 0


class SLAPolicyFactory(factory.django.DjangoModelFactory):
    """Every hour counts, unless ``counted`` is ``business``."""

    class Meta:
        model = SLAPolicy

    name = factory.Sequence(lambda n: f"Promise {n}")
    counted = "always"
    acknowledge_s = HOUR
    assign_s = 2 * HOUR
    first_response_s = 4 * HOUR
    resolve_s = 24 * HOUR
    inform_every_s = 8 * HOUR


class ComplaintFactory(factory.django.DjangoModelFactory):
    """A complaint without clocks; ``complaints.intake.receive`` makes one with all that belongs to it."""

    class Meta:
        model = Complaint

    class Params:
        assigned = factory.Trait(
            status="assigned", assignee=factory.SubFactory(UserFactory), acknowledged_at=factory.SelfAttribute("received_at")
        )
        in_progress = factory.Trait(
            status="in_progress", assignee=factory.SubFactory(UserFactory), acknowledged_at=factory.SelfAttribute("received_at")
        )
        decided = factory.Trait(
            status="decided", decision="upheld", decision_text="We were wrong.", redress="refund", redress_amount="10.00", currency="EUR",
            decided_at=factory.SelfAttribute("received_at"), assignee=factory.SubFactory(UserFactory),
            acknowledged_at=factory.SelfAttribute("received_at"),
        )  # fmt: skip
        resolved = factory.Trait(
            decided=True, status="resolved", ended_at=factory.LazyFunction(timezone.now), resolved_at=factory.SelfAttribute("ended_at")
        )
        closed = factory.Trait(resolved=True, status="closed")

    number = factory.Sequence(lambda n: f"C-2026-9{n:05d}")
    contact = factory.SubFactory(ContactFactory)
    department = factory.SubFactory(DepartmentFactory)
    topic = factory.SubFactory(TopicFactory)
    summary = factory.Sequence(lambda n: f"The parcel {n} came broken")
    description = "The box was wet and the lamp is in pieces."
    remedy_sought = "A new lamp."
    received_at = factory.LazyFunction(lambda: datetime(2026, 11, 20, 9, 0, tzinfo=UTC))
    by = factory.SubFactory(UserFactory)


class ClockFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Clock

    complaint = factory.SubFactory(ComplaintFactory)
    metric = "resolve"
    policy = factory.SubFactory(SLAPolicyFactory)
    policy_version = 1
    target_s = 24 * HOUR
    warn_percent = 75
    started_at = factory.SelfAttribute("complaint.received_at")
    due_at = factory.LazyAttribute(lambda row: row.started_at + timedelta(seconds=row.target_s))


class EscalationStepFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = EscalationStep

    clock = factory.SubFactory(ClockFactory)
    complaint = factory.SelfAttribute("clock.complaint")
    level = factory.SubFactory(EscalationLevelFactory)
    number = factory.SelfAttribute("level.number")
    planned_at = factory.SelfAttribute("clock.due_at")
    fired_at = factory.SelfAttribute("planned_at")


class ComplaintMessageFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComplaintMessage

    complaint = factory.SubFactory(ComplaintFactory)
    text = factory.Sequence(lambda n: f"Called the warehouse, reference {n}.")
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(timezone.now)


class AttachmentFactory(factory.django.DjangoModelFactory):
    """A row without its bytes in the storage."""

    class Meta:
        model = Attachment

    complaint = factory.SubFactory(ComplaintFactory)
    name = factory.Sequence(lambda n: f"lamp-{n}.jpg")
    content_type = "image/jpeg"
    size = 1234
    sha256 = "0" * 64
    scan = "unscanned"
    by = factory.SubFactory(UserFactory)


class ComplaintTransferFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComplaintTransfer

    complaint = factory.SubFactory(ComplaintFactory)
    from_department = factory.SelfAttribute("complaint.department")
    to_department = factory.SubFactory(DepartmentFactory)
    reason = "It is about a bill."
    by = factory.SubFactory(UserFactory)
    at = factory.LazyFunction(timezone.now)


class RoutingRuleFactory(factory.django.DjangoModelFactory):
    """``RoutingRuleFactory(topics=[…], products=[…], categories=[…])``."""

    class Meta:
        model = RoutingRule
        skip_postgeneration_save = True

    name = factory.Sequence(lambda n: f"Rule {n}")
    department = factory.SubFactory(DepartmentFactory)

    @factory.post_generation
    def topics(self, create, extracted, **kwargs):
        self.topics.set(extracted or [])

    @factory.post_generation
    def products(self, create, extracted, **kwargs):
        self.products.set(extracted or [])

    @factory.post_generation
    def categories(self, create, extracted, **kwargs):
        self.categories.set(extracted or [])


class WatcherFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Watcher

    complaint = factory.SubFactory(ComplaintFactory)
    user = factory.SubFactory(UserFactory)


class ComplaintLinkFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = ComplaintLink

    one = factory.SubFactory(ComplaintFactory)
    other = factory.SubFactory(ComplaintFactory)


class SatisfactionFactory(factory.django.DjangoModelFactory):
    class Meta:
        model = Satisfaction

    complaint = factory.SubFactory(ComplaintFactory, closed=True)
    department = factory.SelfAttribute("complaint.department")
    topic = factory.SelfAttribute("complaint.topic")
    agent = factory.SelfAttribute("complaint.assignee")
    expires_at = factory.LazyFunction(lambda: timezone.now() + timedelta(days=14))
