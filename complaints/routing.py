"""To whom a new complaint goes: the first rule that holds chooses the department, and may choose somebody of it who is on duty.

What decides and what explains is the same code: ``explain`` says of every rule whether it holds and why not, and writes nothing.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from django.db import transaction
from django.db.models import Count, OuterRef, Subquery

from complaints.models import Complaint, RoutingRule
from complaints.models.complaints import Status
from config.platform.models import PEOPLE, User
from crm import duty, topic_tree
from crm.models import Category, Department, Topic

Choice = RoutingRule.Choice
LONG_AGO = datetime.min.replace(tzinfo=UTC)
#: What became of a rule, and of somebody whom it might have chosen.
DECIDES, COMES_LATER, DOES_NOT_HOLD = "decides", "comes_later", "does_not_hold"
CHOSEN, AFTER_ANOTHER, NOT_IN_TEAM, HAS_ENOUGH = "chosen", "after_another", "not_in_team", "has_enough"
#: What said to which department it goes.
NAMED, BY_RULE, BY_TOPIC, NOWHERE = "named", "rule", "topic", "nothing"


@dataclass(frozen=True)
class Verdict:
    """What became of a rule; ``because`` names the conditions that do not hold."""

    rule: RoutingRule
    verdict: str
    because: Sequence[str] = ()


@dataclass(frozen=True)
class Candidate:
    """Somebody whom a rule might choose, with how many open complaints they have, and what became of it."""

    person: User
    open: int
    verdict: str


@dataclass(frozen=True)
class Explanation:
    """Where a complaint goes, and why not elsewhere."""

    department: Department | None
    decided_by: str
    rule: RoutingRule | None
    person: User | None
    rules: Sequence[Verdict]
    people: Sequence[Candidate]


@transaction.atomic
def route(complaint: Complaint, *, now: datetime) -> None:
    """Set the department, the assignee and ``routed_by`` of a complaint that is just received; the caller saves it.

    A department that it names already wins: then only rules that lead there are asked, for somebody. An assignee that it names stays.
    Two at once in turn get two people: the rule's row is held until the transaction ends.
    """
    found = explain(complaint, now=now, hold=True)
    complaint.department, complaint.routed_by = found.department, found.rule
    if complaint.assignee_id is None and found.person is not None:
        complaint.assignee = found.person
        if found.rule is not None and found.rule.choice == Choice.ROUND_ROBIN:  # whose turn it is, is no change that anybody made
            RoutingRule.objects.filter(pk=found.rule.pk).update(last_person=found.person)
    if complaint.assignee_id is not None:
        complaint.status = Status.ASSIGNED


def explain(complaint: Complaint, *, now: datetime, hold: bool = False) -> Explanation:
    """Every rule with its verdict, and whom the one that decides would choose at this moment. The complaint need not be saved.

    ``hold`` holds the row of a rule that weighs several people against one another, so that the next one sees what came of it.
    """
    about, verdicts, rule = _About(complaint), [], None
    rules = RoutingRule.objects.filter(is_active=True).select_related("department", "person").order_by("position", "id")
    for one in rules.prefetch_related("topics", "products", "categories"):
        if against := about.against(one):
            verdicts.append(Verdict(one, DOES_NOT_HOLD, against))
        else:
            verdicts.append(Verdict(one, DECIDES if rule is None else COMES_LATER))
            rule = rule or one
    if rule is None:
        department = complaint.department or _of_topic(complaint.topic)
        decided_by = NAMED if complaint.department_id else BY_TOPIC if department else NOWHERE
        return Explanation(department, decided_by, None, None, verdicts, [])
    if hold and complaint.assignee_id is None and rule.choice in (Choice.ROUND_ROBIN, Choice.LEAST_BUSY):
        # Those who point at the rule are not held up by this lock.
        held = RoutingRule.objects.select_for_update(of=("self",), no_key=True).select_related("department", "person")
        rule = held.filter(pk=rule.pk, is_active=True).first()
        if rule is None:  # somebody took it away at this moment: ask the others
            return explain(complaint, now=now, hold=hold)
    people = _candidates(rule, now) if complaint.assignee_id is None else []
    person = next((one.person for one in people if one.verdict == CHOSEN), None)
    return Explanation(rule.department, NAMED if complaint.department_id else BY_RULE, rule, person, verdicts, people)


class _About:
    """What rules ask of a complaint, looked up once."""

    def __init__(self, complaint: Complaint) -> None:
        self.complaint = complaint
        self.topics: Collection[UUID] = topic_tree.above([complaint.topic_id]) if complaint.topic_id else ()
        self.categories: Collection[UUID] = _categories_above(complaint.product.category_id) if complaint.product is not None else ()
        self.tags: Collection[str] = complaint.contact.tags if complaint.contact is not None else ()

    def against(self, rule: RoutingRule) -> list[str]:
        """The names of the rule's conditions that do not hold; none: it holds."""
        of = self.complaint
        topics, products, categories = ({row.pk for row in related.all()} for related in (rule.topics, rule.products, rule.categories))
        holds = {
            "kinds": not rule.kinds or of.kind in rule.kinds,
            "severities": not rule.severities or of.severity in rule.severities,
            "channels": not rule.channels or of.channel in rule.channels,
            "languages": not rule.languages or any(speaks(of.language, one) for one in rule.languages),
            "topics": not topics or not topics.isdisjoint(self.topics),
            "products": not products or of.product_id in products,
            "categories": not categories or not categories.isdisjoint(self.categories),
            "contact_tag": not rule.contact_tag or rule.contact_tag in self.tags,
            "department": of.department_id in (None, rule.department_id) and rule.department.is_active,
        }
        return [name for name, does in holds.items() if not does]


def speaks(language: str, wanted: str) -> bool:
    """Whether a language is the wanted one or a kind of it: ``en`` holds for ``en-GB``."""
    return f"{language}-".lower().startswith(f"{wanted}-".lower())


def _candidates(rule: RoutingRule, now: datetime) -> list[Candidate]:
    """Those whom the rule might choose, the first one first. Of several only those on duty; one person is given it on duty or not."""
    if rule.choice == Choice.NOBODY:
        return []
    ids = [rule.person_id] if rule.choice == Choice.DIRECT else duty.on_duty(rule.department, now)
    people = list(User.objects.filter(pk__in=ids, is_active=True, role__in=PEOPLE).order_by("pk"))
    open_ones = _open_of(people)
    if rule.choice == Choice.ROUND_ROBIN and rule.last_person_id is not None:
        people.sort(key=lambda one: (one.pk <= rule.last_person_id, one.pk))
    elif rule.choice == Choice.LEAST_BUSY:
        since = _last_given(people)
        people.sort(key=lambda one: (open_ones.get(one.pk, 0), since.get(one.pk) or LONG_AGO, one.pk))
    team = set(rule.team.members.values_list("pk", flat=True)) if rule.team is not None else None
    found, chosen = [], False
    for person in people:
        has = open_ones.get(person.pk, 0)
        if team is not None and person.pk not in team:
            verdict = NOT_IN_TEAM
        elif rule.most_open is not None and has >= rule.most_open:
            verdict = HAS_ENOUGH
        else:
            verdict, chosen = AFTER_ANOTHER if chosen else CHOSEN, True
        found.append(Candidate(person, has, verdict))
    return found


def _open_of(people: Collection[User]) -> dict[UUID, int]:
    """How many open complaints each of them has."""
    counted: Any = Complaint.objects.open().filter(assignee__in=people).order_by().values("assignee").annotate(n=Count("pk"))
    return {row["assignee"]: row["n"] for row in counted}


def _last_given(people: Collection[User]) -> dict[UUID, datetime | None]:
    """When the newest complaint of each of them was received."""
    newest = Complaint.objects.filter(assignee=OuterRef("pk")).order_by("-id").values("received_at")[:1]
    return dict(User.objects.filter(pk__in=[one.pk for one in people]).annotate(since=Subquery(newest)).values_list("pk", "since"))


def _of_topic(topic: Topic | None) -> Department | None:
    """The department of the topic, else of the nearest topic above it that has one."""
    seen: set[UUID] = set()
    while topic is not None and topic.pk not in seen:
        if topic.department is not None and topic.department.is_active:
            return topic.department
        seen.add(topic.pk)
        topic = topic.parent
    return None


def _categories_above(category_id: UUID | None) -> set[UUID]:
    """A category and all above it. There are some hundred of them, so the whole tree is read at once."""
    if category_id is None:
        return set()
    above = dict(Category.objects.values_list("pk", "parent_id"))
    found: set[UUID] = set()
    at: UUID | None = category_id
    while at is not None and at not in found:
        found.add(at)
        at = above.get(at)
    return found
