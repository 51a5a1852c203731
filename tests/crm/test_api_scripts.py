"""/scripts/ and /script-versions/: written by those who lead, seen by operators when published."""

import pytest

from config.platform.models import AuditEvent
from crm.models import Script, ScriptVersion
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory
from tests.factories.scripts import STEPS, ScriptFactory, ScriptVersionFactory, end, say

pytestmark = pytest.mark.django_db
BASE = "/api/v1"


@pytest.fixture
def boss(client_of):
    return client_of("supervisor")


@pytest.fixture
def agent(client_of):
    return client_of("agent")


def test_a_script_is_written_checked_and_published(boss, agent):
    made = boss.post(f"{BASE}/scripts/", {"code": "late", "name": "Late", "purpose": "inbound", "language": "en"}, format="json").json()
    draft = boss.post(f"{BASE}/script-versions/", {"script": made["id"]}, format="json").json()
    url = f"{BASE}/script-versions/{draft['id']}/"
    bad = [say("hello", "nowhere", "Hello {contact.nmae}"), end()]
    assert boss.patch(url, {"steps": bad}, format="json").status_code == 200
    told = boss.get(f"{url}check/").json()
    assert not told["is_publishable"]
    assert {(one["step"], one["code"]) for one in told["problems"]} == {
        ("hello", "unknown_placeholder"), ("hello", "unknown_goto"), ("bye", "second_start"),
    }  # fmt: skip
    refused = boss.post(f"{url}publish/")
    assert (refused.status_code, refused.json()["code"], refused.json()["problems"]) == (409, "script_has_problems", told["problems"])
    assert agent.get(f"{BASE}/scripts/{made['id']}/").status_code == 404
    assert boss.patch(url, {"steps": STEPS}, format="json").status_code == 200
    assert boss.post(f"{url}publish/").json()["status"] == "published"
    seen = agent.get(f"{BASE}/scripts/{made['id']}/").json()
    assert seen["published_version"]["id"] == draft["id"]
    written = AuditEvent.objects.filter(subject_id=draft["id"], verb="write").order_by("id").last()
    assert [step["key"] for step in written.facts["steps_before"]] == ["hello", "bye"]
    assert [step["key"] for step in written.facts["steps_after"]] == [step["key"] for step in STEPS]


def test_what_was_published_is_not_written_again(boss):
    version = ScriptVersionFactory()
    url = f"{BASE}/script-versions/{version.pk}/"
    for answer in (boss.patch(url, {"steps": []}, format="json"), boss.post(f"{url}publish/")):
        assert (answer.status_code, answer.json()["code"], answer.json()["allowed"]) == (409, "invalid_transition", ["retire"])
    assert boss.delete(url).json()["code"] == "script_version_not_draft"
    again = boss.post(f"{BASE}/script-versions/", {"script": str(version.script_id), "copy_of": str(version.pk)}, format="json").json()
    assert (again["number"], len(again["steps"])) == (version.number + 1, len(STEPS))
    twice = boss.post(f"{BASE}/script-versions/", {"script": str(version.script_id)}, format="json")
    assert (twice.status_code, twice.json()["draft"]) == (409, again["id"])
    assert boss.delete(f"{BASE}/script-versions/{again['id']}/").status_code == 204


def test_agents_see_what_is_published_and_no_draft(agent, boss):
    published, draft = ScriptVersionFactory(), ScriptVersionFactory(draft=True)
    both = ScriptVersionFactory(draft=True, script=published.script, number=99)
    assert [row["id"] for row in agent.get(f"{BASE}/scripts/").json()["results"]] == [str(published.script_id)]
    assert len(boss.get(f"{BASE}/scripts/").json()["results"]) == 2
    assert [row["id"] for row in agent.get(f"{BASE}/script-versions/").json()["results"]] == [str(published.pk)]
    assert agent.get(f"{BASE}/script-versions/{draft.pk}/").status_code == 404
    url = f"{BASE}/scripts/{published.script_id}/"
    assert agent.get(url).json()["draft_version"] is None
    assert boss.get(url).json()["draft_version"]["id"] == str(both.pk)
    assert agent.post(f"{BASE}/script-versions/{published.pk}/retire/").status_code == 403


@pytest.mark.parametrize(
    ("step", "pointer"),
    [
        ({"key": "a b", "kind": "say"}, "/steps/0/key"),
        ({"key": "a", "kind": "shout"}, "/steps/0/kind"),
        ({"key": "a", "kind": "say", "text": "x" * 10_001}, "/steps/0/text"),
        ({"key": "a", "kind": "say", "next": [{"when": None}]}, "/steps/0/next/0/goto"),
        ({"key": "a", "kind": "say", "next": {"goto": "b"}}, "/steps/0/next"),
        ({"key": "a", "kind": "ask", "choices": [{"value": "x"}]}, "/steps/0/choices/0/label"),
        ({"key": "a", "kind": "end", "outcome": "a b"}, "/steps/0/outcome"),
        ("step", "/steps/0"),
    ],
)
def test_a_step_without_form_is_told_where(boss, step, pointer):
    draft = ScriptVersionFactory(draft=True)
    answer = boss.patch(f"{BASE}/script-versions/{draft.pk}/", {"steps": [step]}, format="json")
    assert answer.status_code == 400
    assert any(error["pointer"].startswith(pointer) for error in answer.json()["errors"]), answer.json()
    assert draft.steps.count() == len(STEPS)


def test_a_draft_may_hold_any_condition_and_is_told_at_the_check(boss):
    draft = ScriptVersionFactory(draft=True)
    url = f"{BASE}/script-versions/{draft.pk}/"
    for when in ("x", 5, [], {"all": {}}, {"field": {}, "is": {}}, {"not": {"not": {"not": {"not": {"not": {"not": {}}}}}}}, {"in": None}):
        steps = [{"key": "a", "kind": "say", "text": "A", "next": [{"when": when, "goto": "bye"}, {"when": None, "goto": "bye"}]}, end()]
        assert boss.patch(url, {"steps": steps}, format="json").status_code == 200
        assert {"condition_malformed"} == {one["code"] for one in boss.get(f"{url}check/").json()["problems"]}
    twice = boss.patch(url, {"steps": [end(), end()]}, format="json")
    assert (twice.status_code, twice.json()["code"]) == (400, "script_step_keys_repeat")
    choices = boss.patch(url, {"steps": [{**end(), "choices": [{"value": "a", "label": "A"}]}]}, format="json")
    assert 400 <= choices.status_code < 500


def test_a_script_is_rendered_in_the_language_asked_for(agent):
    en, ru = (ScriptVersionFactory(script=ScriptFactory(language=tag, translation_key="k")) for tag in ("en", "ru"))
    contact = ContactFactory(surname="Фёдорова", name="Алёна", patronymic="Игоревна")
    url = f"{BASE}/scripts/{en.script_id}/render/"
    told = agent.get(url, {"contact": str(contact.pk), "language": "ru-RU"}).json()
    assert (told["script"], told["language"], told["number"]) == (str(ru.script_id), "ru", ru.number)
    assert "Алёна Игоревна" in told["steps"][0]["text"]
    call = CallFactory(contact=contact)
    assert "Алёна Игоревна" in agent.get(url, {"call": str(call.pk)}).json()["steps"][0]["text"]
    for query in ({"contact": "x"}, {"contact": str(call.pk)}, {"order": str(call.pk)}, {"call": "\0"}):
        assert agent.get(url, query).status_code == 400
    assert agent.get(f"{BASE}/scripts/{ScriptFactory().pk}/render/").status_code == 404


def test_a_script_with_versions_is_not_removed(client_of):
    admin = client_of("admin")
    version = ScriptVersionFactory()
    assert admin.delete(f"{BASE}/scripts/{version.script_id}/").json()["code"] == "still_in_use"
    alone = ScriptFactory()
    assert admin.delete(f"{BASE}/scripts/{alone.pk}/").status_code == 204
    assert not Script.objects.filter(pk=alone.pk).exists()


def test_a_second_translation_into_one_language_is_refused(boss):
    ScriptFactory(language="ru", translation_key="k")
    body = {"code": "x", "name": "X", "purpose": "survey", "language": "ru", "translation_key": "k"}
    answer = boss.post(f"{BASE}/scripts/", body, format="json")
    assert 400 <= answer.status_code < 500
    assert ScriptVersion.objects.count() == 0
