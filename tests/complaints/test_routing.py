"""Where complaints go: the first rule that holds, somebody who is on duty, and why not the others."""

import pytest
from django.utils import timezone

from complaints import routing
from complaints.models import Complaint, RoutingRule
from complaints.routing import speaks
from tests.factories.complaints import ComplaintFactory, RoutingRuleFactory
from tests.factories.crm import ContactFactory, DepartmentFactory, TeamFactory, TopicFactory
from tests.factories.offers import CategoryFactory, ProductFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db


def would_be(**fields) -> Complaint:
    return ComplaintFactory.build(**{"contact": None, "department": None, "topic": None, "by": None, **fields})


def routed(**fields) -> Complaint:
    complaint = would_be(**fields)
    routing.route(complaint, now=timezone.now())
    return complaint


def department_of(*people):
    """A department without roster and calendar: its members are always on duty."""
    department = DepartmentFactory()
    department.members.set(people)
    return department


def people(count: int) -> list:
    return sorted(UserFactory.create_batch(count, role="back_office"), key=lambda one: one.pk)


def test_each_condition_holds_or_not_by_itself():
    above = TopicFactory()
    topic, shelf = TopicFactory(parent=TopicFactory(parent=above)), CategoryFactory()
    product = ProductFactory(category=CategoryFactory(parent=shelf))
    contact = ContactFactory(tags=["vip"])
    complaint = would_be(kind="claim", severity="high", channel="web", language="en-GB", topic=topic, product=product, contact=contact)
    for condition, yes, no in [
        ("kinds", ["claim", "question"], ["question"]),
        ("severities", ["high"], ["low", "medium"]),
        ("channels", ["web"], ["call"]),
        ("languages", ["ru", "en"], ["en-US"]),
        ("topics", [above], [TopicFactory()]),
        ("products", [product], [ProductFactory()]),
        ("categories", [shelf], [CategoryFactory()]),
        ("contact_tag", "vip", "gold"),
    ]:
        rule = RoutingRuleFactory(position=1)
        for value, against in ((yes, ()), (no, [condition])):
            many = condition in ("topics", "products", "categories")
            getattr(rule, condition).set(value) if many else setattr(rule, condition, value)
            rule.save()
            found = routing.explain(complaint, now=timezone.now())
            assert [(one.verdict, list(one.because)) for one in found.rules] == [
                ("does_not_hold" if against else "decides", list(against))
            ], (condition, value)
            assert found.department == (None if against else rule.department)
        rule.delete()


def test_the_first_rule_by_position_decides_and_later_ones_are_told_apart():
    late, early = RoutingRuleFactory(position=20), RoutingRuleFactory(position=10)
    RoutingRuleFactory(position=5, is_active=False)
    RoutingRuleFactory(position=6, department__is_active=False)
    complaint = routed()
    assert (complaint.department, complaint.routed_by, complaint.status) == (early.department, early, "received")
    found = routing.explain(would_be(), now=timezone.now())
    assert [(one.rule, one.verdict, list(one.because)) for one in found.rules][1:] == [(early, "decides", []), (late, "comes_later", [])]
    assert list(found.rules[0].because) == ["department"]


def test_without_a_rule_the_nearest_topic_with_a_department_says_where():
    complaints = DepartmentFactory()
    topic = TopicFactory(parent=TopicFactory(parent=TopicFactory(department=DepartmentFactory()), department=complaints))
    assert routed(topic=topic).department == complaints
    assert routed().department is None


def test_a_named_department_wins_and_its_own_rules_still_find_somebody():
    mine, other = UserFactory(), UserFactory()
    here, there = department_of(mine), department_of(other)
    RoutingRuleFactory(position=1, department=there, choice="round_robin")
    rule = RoutingRuleFactory(position=2, department=here, choice="round_robin")
    complaint = routed(department=here)
    assert (complaint.department, complaint.assignee, complaint.routed_by, complaint.status) == (here, mine, rule, "assigned")
    complaint = routed(department=there, assignee=mine)
    assert (complaint.department, complaint.assignee, complaint.status) == (there, mine, "assigned")


def test_in_turn_everybody_on_duty_gets_one_before_anybody_gets_two():
    crowd = people(3)
    rule = RoutingRuleFactory(department=department_of(*crowd), choice="round_robin")
    given = [routed().assignee for _ in range(4)]
    assert given == [*crowd, crowd[0]]
    crowd[1].is_active = False
    crowd[1].save()
    assert routed().assignee == crowd[2], "whoever is not there is passed over"
    rule.refresh_from_db()
    assert (rule.last_person, rule.version) == (crowd[2], 1)


def test_the_least_busy_gets_it_and_of_equals_who_waited_longest():
    busy, first, second = people(3)
    department = department_of(busy, first, second)
    RoutingRuleFactory(department=department, choice="least_busy")
    ComplaintFactory(assigned=True, assignee=first)
    ComplaintFactory(closed=True, assignee=second)
    ComplaintFactory.create_batch(2, assigned=True, assignee=busy)
    assert routed().assignee == second, "what is over does not count"
    ComplaintFactory(assigned=True, assignee=second)
    assert routed().assignee == first, "the last one of the other came later"


def test_a_team_and_a_limit_narrow_the_choice_and_it_is_said_of_whom():
    full, outside, free, late = people(4)
    rule = RoutingRuleFactory(
        department=department_of(full, outside, free, late), choice="round_robin", most_open=1, team=TeamFactory(members=[full, free, late])
    )
    ComplaintFactory(assigned=True, assignee=full)
    found = routing.explain(would_be(), now=timezone.now())
    assert [(one.person, one.verdict) for one in found.people] == [
        (full, "has_enough"), (outside, "not_in_team"), (free, "chosen"), (late, "after_another"),
    ]  # fmt: skip
    assert found.person == free
    rule.most_open = 0
    rule.save()
    complaint = routed()
    assert (complaint.department, complaint.assignee, complaint.status) == (rule.department, None, "received"), (
        "the department finds somebody"
    )


def test_one_person_gets_it_on_duty_or_not():
    person = UserFactory()
    RoutingRuleFactory(choice="direct", person=person)
    assert routed().assignee == person
    person.is_active = False
    person.save()
    assert routed().assignee is None


def test_explaining_takes_nobodys_turn(django_assert_max_num_queries):
    crowd = people(2)
    RoutingRuleFactory(department=department_of(*crowd), choice="round_robin")
    with django_assert_max_num_queries(20):
        assert [routing.explain(would_be(), now=timezone.now()).person for _ in range(1)] == [crowd[0]]
    assert routing.explain(would_be(), now=timezone.now()).person == crowd[0]


@pytest.mark.parametrize(
    ("language", "wanted", "does"),
    [("en-GB", "en", True), ("en", "en", True), ("EN-gb", "en-GB", True), ("en", "en-GB", False), ("eng", "en", False), ("", "en", False)],
)
def test_a_language_holds_for_its_kinds(language, wanted, does):
    assert speaks(language, wanted) is does


def test_a_rule_that_is_taken_away_while_it_decides_leaves_it_to_the_others(monkeypatch):
    here = DepartmentFactory()
    gone = RoutingRuleFactory(position=1, choice="round_robin")
    RoutingRuleFactory(position=2, department=here)
    against = routing._About.against

    def and_meanwhile(self, rule):
        RoutingRule.objects.filter(pk=gone.pk).delete()
        return against(self, rule)

    monkeypatch.setattr(routing._About, "against", and_meanwhile)
    assert routing.explain(would_be(), now=timezone.now(), hold=True).department == here
