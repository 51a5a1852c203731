"""A complaint is found by its words in any form, and whoever solves one sees how the like of it were solved."""

from datetime import UTC, datetime

import pytest

from complaints import similar
from complaints.models import Complaint
from tests.factories.complaints import ComplaintFactory
from tests.factories.crm import DepartmentFactory, TopicFactory
from tests.factories.knowledge import published
from tests.factories.offers import ProductFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NOW = datetime(2026, 11, 30, 12, tzinfo=UTC)


def told(summary, **fields) -> Complaint:
    complaint = ComplaintFactory(summary=summary, description=fields.pop("description", ""), remedy_sought="", **fields)
    similar.index(complaint)
    return complaint


def found(text):
    return set(similar.matching(Complaint.objects.all(), text, now=NOW))


def test_any_form_of_a_word_finds_and_so_does_its_beginning_and_the_number():
    published(language="ru")
    ru = told("Не вернули деньги за возвраты", language="ru")
    en = told("The courier damaged two parcels", description="The résumé of the ёлка is wet.")
    fil = told("Sirang parsela", language="fil", number="C-2026-000777")
    for text, wanted in (
        ("возврат", {ru}), ("деньгами", {ru}), ("damaging", {en}), ("parcel", {en}), ("resume елка", {en}), ("cour", {en}), ("pars", {fil}),
        ("sirang parsela", {fil}), ("C-2026-777", {fil}), ("777", {fil}), ("courier or sirang", {en, fil}), ("courier -wet", set()),
        ("courier sirang", set()),
    ):  # fmt: skip
        assert found(text) == wanted, text
    with pytest.raises(similar.QuestionTooShort):
        found("!")


def test_solutions_are_ranked_by_what_they_share_and_say_why():
    topic, product = TopicFactory(), ProductFactory()
    same = told("The lamp came broken in a wet box", resolved=True, topic=topic, product=product, is_satisfied=True)
    like = told("A broken lamp", resolved=True)
    told("The bill is wrong", resolved=True)
    told("The lamp came broken in a wet box")  # nobody solved it yet
    answers = published(title="Broken goods", topics=[topic])
    suggested = similar.suggest(
        similar.About("The lamps were broken, the box was wet", "en", topic.pk, product.pk), by=UserFactory(), now=NOW
    )
    assert [one["complaint"] for one in suggested.complaints] == [same.pk, like.pk]
    best = suggested.complaints[0]
    assert [one["reason"] for one in best["why"]] == ["words", "same_product", "same_topic", "satisfied"]
    assert set(best["why"][0]["words"]) == {"lamps", "broken", "box", "wet"}
    assert (best["decision_text"], best["redress"]) == (same.decision_text, same.redress)
    assert [one["article"] for one in suggested.articles] == [answers.pk]


def test_nobody_is_shown_a_solution_that_they_may_not_see_nor_the_complaint_itself():
    theirs, others = DepartmentFactory(), DepartmentFactory()
    back = UserFactory(role="back_office")
    theirs.members.add(back)
    mine = told("The lamp is broken", resolved=True, department=theirs)
    told("The lamp is broken", resolved=True, department=others)
    asked = told("The lamp is broken", resolved=True, department=theirs)
    assert [one["complaint"] for one in similar.suggest(similar.about(asked), by=back, now=NOW).complaints] == [mine.pk]
