"""Scripts in the admin: steps are written through the same rules, problems are told in words, and a button publishes."""

import pytest
from django.urls import reverse
from django.utils import timezone

from config.platform.models import AuditEvent, Role
from crm import script_picture, scripts
from crm.models import ScriptVersion
from tests.config.test_admin_pages import address, client_for
from tests.config.test_admin_writes import save
from tests.factories.scripts import STEPS, ScriptFactory, ScriptVersionFactory, ask, end, say

pytestmark = pytest.mark.django_db


@pytest.fixture
def supervisor():
    return client_for(Role.SUPERVISOR)


def test_a_draft_shows_its_tree_and_its_problems_in_words(supervisor):
    steps = [ask("start", yes="gone", no="bye"), say("lonely", "bye", "<script>alert(1)</script>"), end()]
    draft = ScriptVersionFactory(draft=True, steps=steps)
    page = supervisor.get(address(ScriptVersion, "change", draft.pk)).content.decode()
    assert "There is no step &#x27;gone&#x27; to go to." in page
    assert "answer is yes" in page
    assert "<script>alert(1)" not in page


def test_a_draft_is_written_through_the_rules_and_published_by_a_button(supervisor):
    draft = ScriptVersionFactory(draft=True)
    url = address(ScriptVersion, "change", draft.pk)
    assert save(supervisor, url, **{"comment": "Warmer.", "steps-0-text": "Hi {contact.nmae}!"}).status_code == 302
    assert draft.steps.first().text == "Hi {contact.nmae}!"
    assert draft.steps.count() == len(STEPS)
    event = AuditEvent.objects.get(subject_id=draft.pk, verb="write")
    assert event.facts["steps_before"][0]["text"] == STEPS[0]["text"]
    publish = reverse("admin:crm_scriptversion_publish", args=[draft.pk])
    assert "cannot be published yet" in supervisor.post(publish, follow=True).content.decode()
    assert save(supervisor, url, **{"steps-0-text": "Hi {contact.name}!"}).status_code == 302
    supervisor.post(publish)
    draft.refresh_from_db()
    assert draft.status == "published"
    assert supervisor.get(url).status_code == 200
    assert supervisor.post(url, {"comment": "Changed."}).status_code == 403


def test_a_rule_without_form_is_told_at_its_field(supervisor):
    draft = ScriptVersionFactory(draft=True)
    errors = save(supervisor, address(ScriptVersion, "change", draft.pk), **{"steps-0-next": '["bye"]'})
    assert "Rules look like" in str(errors["steps"][0])


def test_a_new_version_begins_from_the_last(supervisor):
    version = ScriptVersionFactory()
    supervisor.post(reverse("admin:crm_script_begin_draft", args=[version.script_id]))
    assert [step.key for step in version.script.versions.get(status="draft").steps.all()] == [step["key"] for step in STEPS]
    script = ScriptFactory()
    assert supervisor.post(address(ScriptVersion, "add"), {"script": script.pk, "comment": "First."}).status_code == 302
    assert script.versions.get().number == 1


def test_any_script_can_be_drawn_also_a_broken_one():
    draft = ScriptVersionFactory(draft=True, steps=[ask("a", yes="b", no="gone"), say("b", "a"), say("c", "c")])
    lines = script_picture.tree(list(draft.steps.all()))
    assert [(line.depth, line.key, line.is_seen, line.step is None) for line in lines] == [
        (0, "a", False, False), (1, "b", False, False), (1, "a", True, False), (1, "gone", False, True), (0, "c", False, False), (0, "c", True, False),
    ]  # fmt: skip


@pytest.mark.parametrize("value", ["NaN", "1e999", '"\\u0000"', '"\\ud800"', "[" * 60 + "]" * 60, "9" * 40])
def test_what_the_database_cannot_keep_is_told_at_its_field(supervisor, value):
    draft = ScriptVersionFactory(draft=True)
    for name in ("next", "choices"):
        errors = save(supervisor, address(ScriptVersion, "change", draft.pk), **{f"steps-0-{name}": f'[{{"when": {value}}}]'})
        assert errors["steps"][0], name
    assert draft.steps.count() == len(STEPS)


def test_a_draft_that_somebody_else_saved_meanwhile_is_not_overwritten(supervisor):
    draft = ScriptVersionFactory(draft=True)
    url = address(ScriptVersion, "change", draft.pk)
    scripts.write(draft.pk, comment="Somebody else was here.", by=None, now=timezone.now())
    errors = save(supervisor, url, seen_version=draft.version, comment="Mine.")
    assert "Somebody else saved this in the meantime" in str(errors)
    draft.refresh_from_db()
    assert draft.comment == "Somebody else was here."
