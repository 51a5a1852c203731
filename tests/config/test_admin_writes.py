"""What is written in the admin goes through the rules of the house, and leaves an audit event with what was before and after."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client
from django.urls import reverse

from calls.models import Call, Disposition, PhoneSystem
from config.platform import tokens
from config.platform.models import ApiToken, AuditEvent, Role, User
from crm.models import Contact, Import, Note, Team, Topic
from tests.config.test_admin_pages import address, client_for
from tests.factories.calls import CallFactory, DispositionFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory, CustomFieldFactory, DepartmentFactory, ImportFactory, TeamFactory, TopicFactory
from tests.factories.platform import ApiTokenFactory, UserFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def boss() -> Client:
    return client_for(Role.ADMIN)


@pytest.fixture
def supervisor() -> Client:
    return client_for(Role.SUPERVISOR)


def fields_of(client: Client, url: str, **changed: object) -> dict[str, object]:
    """What a browser would send back from the form at ``url``."""
    context = client.get(url).context
    sent: dict[str, object] = {}
    forms = [context["adminform"].form]
    for formset in context["inline_admin_formsets"]:
        forms += [formset.formset.management_form, *formset.formset.initial_forms]
    for form in forms:
        for bound in form:
            value = bound.value()
            if hasattr(bound.field.widget, "widgets"):
                parts = bound.field.widget.decompress(value)
                sent |= {f"{bound.html_name}_{number}": part or "" for number, part in enumerate(parts)}
            elif value is True:
                sent[bound.html_name] = "on"
            elif value is not False and value is not None:
                sent[bound.html_name] = ",".join(value) if isinstance(value, list) and bound.name == "tags" else value
    return {**sent, **changed}


def save(client: Client, url: str, **changed: object):
    response = client.post(url, fields_of(client, url, **changed))
    if response.status_code == 200 and "adminform" in (response.context or {}):
        return response.context["adminform"].form.errors | {
            f"{formset.formset.prefix}": formset.formset.errors for formset in response.context["inline_admin_formsets"]
        }
    return response


def trail(row, verb: str) -> AuditEvent:
    return AuditEvent.objects.get(subject_id=row.pk, verb=verb)


def test_a_change_leaves_what_was_before_and_after_and_where_from(supervisor):
    topic = TopicFactory(name="Delivery")
    assert save(supervisor, address(Topic, "change", topic.pk), name="Late delivery").status_code == 302
    event = trail(topic, "alter")
    assert event.changes == {"name": ["Delivery", "Late delivery"]}
    assert event.by.role == Role.SUPERVISOR
    assert event.ip == "127.0.0.1"
    assert event.request_id
    topic.refresh_from_db()
    assert topic.version == 2


def test_who_joined_and_left_a_team_is_remembered(supervisor):
    stays, leaves, joins = UserFactory.create_batch(3)
    team = TeamFactory(members=[stays, leaves])
    assert save(supervisor, address(Team, "change", team.pk), members=[stays.pk, joins.pk]).status_code == 302
    had, has = trail(team, "alter").facts["members"]
    assert sorted(had) == sorted([str(stays.pk), str(leaves.pk)])
    assert sorted(has) == sorted([str(stays.pk), str(joins.pk)])


def test_saving_without_a_change_leaves_nothing(supervisor):
    department = DepartmentFactory()
    from crm.models import Department

    assert save(supervisor, address(Department, "change", department.pk)).status_code == 302
    assert not AuditEvent.objects.filter(subject_id=department.pk).exists()


def test_what_is_deleted_is_remembered_too(boss):
    topic = TopicFactory(name="Gone")
    assert boss.post(address(Topic, "delete", topic.pk), {"post": "yes"}).status_code == 302
    assert trail(topic, "remove").changes["name"] == ["Gone", None]


def test_a_contact_is_added_with_its_numbers_as_people_write_them(supervisor):
    CustomFieldFactory(key="tier", type="choice", choices=["gold", "silver"])
    prefix = {"contact_phones-TOTAL_FORMS": 1, "contact_phones-0-number": "8 (495) 123-45-67 доб. 12", "contact_phones-0-label": "work"}
    answer = save(
        supervisor, address(Contact, "add"), surname="Фёдорова", name="Алёна", tags="vip, press", cf_tier="gold", new_note="Met at the fair.",
        **prefix,
    )  # fmt: skip
    assert getattr(answer, "status_code", answer) == 302
    contact = Contact.objects.get(surname="Фёдорова")
    link = contact.contact_phones.get()
    assert (link.phone.e164, link.extension, link.is_primary) == ("+74951234567", "12", True)
    assert contact.tags == ["press", "vip"]
    assert contact.custom_fields == {"tier": "gold"}
    assert contact.search_key
    assert Note.objects.get(contact=contact).text == "Met at the fair."
    assert trail(contact, "add").facts["phones"] == ["+74951234567"]


def test_a_contact_who_may_be_there_already_is_told_with_the_name(supervisor):
    ContactFactory(surname="Фёдорова", name="Алёна", patronymic="", phones=["+74951234567"])
    sent = {"contact_phones-TOTAL_FORMS": 1, "contact_phones-0-number": "+7 495 123-45-67", "contact_phones-0-label": "work"}
    errors = save(supervisor, address(Contact, "add"), surname="Федорова", name="Алена", **sent)
    assert "Фёдорова Алёна" in str(errors["__all__"])
    assert Contact.objects.count() == 1
    assert save(supervisor, address(Contact, "add"), surname="Федорова", name="Алена", reason="her mother", **sent).status_code == 302
    assert Contact.objects.count() == 2


def test_a_bad_number_is_told_at_its_field(supervisor):
    contact = ContactFactory(phones=["+74951234567"])
    errors = save(supervisor, address(Contact, "change", contact.pk), **{"contact_phones-0-number": "абв"})
    assert "number" in errors["contact_phones"][0]
    assert contact.contact_phones.get().phone.e164 == "+74951234567"


def test_the_primary_number_can_be_swapped_in_one_save(supervisor):
    contact = ContactFactory(phones=["+74951234567", "+74957654321"])
    changed = {"contact_phones-0-is_primary": "", "contact_phones-1-is_primary": "on"}
    sent = fields_of(supervisor, address(Contact, "change", contact.pk), **changed)
    del sent["contact_phones-0-is_primary"]
    assert supervisor.post(address(Contact, "change", contact.pk), sent).status_code == 302
    assert contact.contact_phones.get(is_primary=True).phone.e164 == "+74957654321"


def test_two_people_do_not_overwrite_each_other(supervisor):
    contact = ContactFactory(surname="Первая")
    url = address(Contact, "change", contact.pk)
    stale = fields_of(supervisor, url, surname="Вторая")
    assert save(supervisor, url, surname="Третья").status_code == 302
    refused = supervisor.post(url, stale)
    assert "version" in str(refused.context["adminform"].form.errors)
    contact.refresh_from_db()
    assert contact.surname == "Третья"


def test_saving_a_contact_unchanged_writes_nothing(supervisor):
    contact = ContactFactory(phones=["+74951234567"])
    assert save(supervisor, address(Contact, "change", contact.pk)).status_code == 302
    assert not AuditEvent.objects.filter(subject_id=contact.pk).exists()
    contact.refresh_from_db()
    assert contact.version == 1


def test_a_contact_with_calls_is_not_deleted(boss):
    call = CallFactory(contact=ContactFactory())
    boss.post(address(Contact, "delete", call.contact_id), {"post": "yes"})
    assert Contact.objects.filter(pk=call.contact_id).exists()


def test_a_call_is_written_up_and_identified_by_the_rules(supervisor):
    call = CallFactory(customer_e164="+74951234567")
    contact, disposition, topic = ContactFactory(), DispositionFactory(), TopicFactory()
    url = address(Call, "change", call.pk)
    answer = save(supervisor, url, contact=contact.pk, disposition=disposition.pk, topics=[topic.pk], note="Asked for the invoice.")
    assert getattr(answer, "status_code", answer) == 302
    call.refresh_from_db()
    assert (call.contact, call.disposition, call.wrap_up_state) == (contact, disposition, Call.WrapUp.DONE)
    assert [*call.topics.all()] == [topic]
    assert trail(call, "wrap_up") and trail(call, "identify")


def test_a_call_that_goes_on_is_not_written_up(supervisor):
    call = CallFactory(open=True)
    errors = save(supervisor, address(Call, "change", call.pk), disposition=DispositionFactory().pk)
    assert "still goes on" in str(errors["__all__"])


def test_a_disposition_that_needs_a_note_asks_for_it(supervisor):
    call = CallFactory()
    strict = DispositionFactory(needs_note=True)
    assert "needs a note" in str(save(supervisor, address(Call, "change", call.pk), disposition=strict.pk)["__all__"])
    assert Disposition.objects.get(pk=strict.pk).calls.count() == 0


def test_a_token_is_shown_once_and_never_again(boss):
    user = UserFactory(role=Role.INTEGRATION)
    sent = {"user": user.pk, "name": "Exchange", "scopes": ["events:write"], "expires_at_0": "", "expires_at_1": ""}
    page = boss.post(address(ApiToken, "add"), sent)
    token = ApiToken.objects.get(user=user)
    secret = page.context["secret"]
    assert tokens.digest_of(secret) == bytes(token.digest)
    assert secret in page.content.decode()
    assert "no-store" in page.headers["Cache-Control"]
    for url in (address(ApiToken, "changelist"), address(ApiToken, "change", token.pk), address(ApiToken, "history", token.pk)):
        assert secret not in boss.get(url).content.decode()
    assert trail(token, "issue").by.role == Role.ADMIN


def test_an_integration_without_scopes_gets_no_token(boss):
    user = UserFactory(role=Role.INTEGRATION)
    page = boss.post(address(ApiToken, "add"), {"user": user.pk, "name": "Exchange", "expires_at_0": "", "expires_at_1": ""})
    assert "at least one scope" in str(page.context["adminform"].form.errors)
    assert not ApiToken.objects.exists()


def test_a_token_is_revoked_by_a_post_after_a_question(boss):
    token = ApiTokenFactory()
    url = reverse("admin:platform_apitoken_revoke", args=[token.pk])
    assert "shut out" in boss.get(url).content.decode()
    token.refresh_from_db()
    assert token.revoked_at is None
    assert boss.post(url).status_code == 302
    token.refresh_from_db()
    assert token.revoked_at
    assert trail(token, "revoke")


def test_a_supervisor_has_tokens_of_their_own_only(supervisor):
    other = ApiTokenFactory()
    sent = {"user": other.user.pk, "name": "Mine?", "expires_at_0": "", "expires_at_1": ""}
    assert "user" in supervisor.post(address(ApiToken, "add"), sent).context["adminform"].form.errors
    assert other.name not in supervisor.get(address(ApiToken, "changelist")).content.decode()
    assert supervisor.post(reverse("admin:platform_apitoken_revoke", args=[other.pk])).status_code == 302
    other.refresh_from_db()
    assert other.revoked_at is None


def test_a_user_gets_what_follows_from_the_role(boss):
    sent = {"username": "sergei", "role": Role.SUPERVISOR, "is_active": "on", "surname": "Орлов", "time_zone": "Europe/Moscow"}
    assert save(boss, address(User, "add"), **sent, new_password="correct horse battery").status_code == 302
    sergei = User.objects.get(username="sergei")
    assert sergei.is_staff and not sergei.is_superuser
    assert sergei.check_password("correct horse battery")
    event = trail(sergei, "add")
    assert event.changes["password"] == [None, "set"]


def test_a_weak_password_is_refused_in_words(boss):
    errors = save(boss, address(User, "add"), username="x", role=Role.AGENT, is_active="on", time_zone="UTC", new_password="12345")
    assert "too short" in str(errors["__all__"])
    assert not User.objects.filter(username="x").exists()


def test_the_last_administrator_stays(boss):
    me = User.objects.get(role=Role.ADMIN)
    assert "last administrator" in str(save(boss, address(User, "change", me.pk), role=Role.AGENT)["__all__"])
    me.refresh_from_db()
    assert me.role == Role.ADMIN


def test_the_secret_of_a_phone_system_goes_in_and_never_comes_out(boss):
    system = PhoneSystemFactory()
    secret = "a secret of thirty-two characters"
    assert save(boss, address(PhoneSystem, "change", system.pk), new_secret=secret, auth_mode="hmac_t_v1").status_code == 302
    system.refresh_from_db()
    assert system.secret == secret
    for page in ("change", "history"):
        assert secret not in boss.get(address(PhoneSystem, page, system.pk)).content.decode()
    assert trail(system, "alter").changes["secret"] == ["", "set"]
    assert save(boss, address(PhoneSystem, "change", system.pk), name="Renamed").status_code == 302
    system.refresh_from_db()
    assert system.secret == secret


def test_an_import_is_uploaded_and_then_started_or_cancelled(boss, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    file = SimpleUploadedFile("people.csv", "Фамилия;Телефон\nФёдорова;8 495 123-45-67\n".encode())
    assert boss.post(address(Import, "add"), {"file": file, "region": "ru", "source": "fair", "is_dry_run": "on"}).status_code == 302
    batch = Import.objects.get()
    assert (batch.region, batch.source, batch.is_dry_run, batch.by.role) == ("RU", "fair", True, Role.ADMIN)
    ready = ImportFactory(status=Import.Status.READY)
    start = reverse("admin:crm_import_start", args=[ready.pk])
    assert boss.get(start).status_code == 200
    ready.refresh_from_db()
    assert ready.status == Import.Status.READY
    assert boss.post(start).status_code == 302
    ready.refresh_from_db()
    assert ready.status == Import.Status.RUNNING
    assert boss.post(reverse("admin:crm_import_cancel", args=[ready.pk])).status_code == 302
    ready.refresh_from_db()
    assert ready.status == Import.Status.CANCELLED
    assert boss.post(start).status_code == 403


def test_an_empty_file_is_refused_at_the_form(boss, settings, tmp_path):
    settings.MEDIA_ROOT = tmp_path
    page = boss.post(address(Import, "add"), {"file": SimpleUploadedFile("people.csv", b""), "region": "RU"})
    assert page.status_code == 200
    assert not Import.objects.exists()


def test_the_page_of_a_call_shows_every_write_up_with_what_it_did_and_locks_it(supervisor):
    call = CallFactory(contact=ContactFactory())
    never, sold = DispositionFactory(suppress_scope="all", contact_made=True, name="Never again"), DispositionFactory(name="Sold after all")
    url = address(Call, "change", call.pk)
    for way in (never, sold):
        answer = save(supervisor, url, contact=call.contact_id, disposition=way.pk, topics=[], note=f"Note of {way.name}.")
        assert answer.status_code == 302, answer
    page = supervisor.get(url).content.decode()
    for text in ("Never again", "Sold after all", "Note of Never again.", "taken back", "by write-up 2"):
        assert text in page, text
    for verb, locked in (("lock", True), ("unlock", False)):
        assert supervisor.post(address(Call, verb, call.pk)).status_code == 302
        call.refresh_from_db()
        assert (call.disposition_locked_at is not None) == locked
    waiting = CallFactory()
    supervisor.post(address(Call, "skip", waiting.pk), {"said": "The line broke."})
    waiting.refresh_from_db()
    assert waiting.wrap_up_state == "skipped"
