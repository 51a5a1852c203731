"""Take back what an import did, from its last row to its first: contacts it made, and what it added to others.

What somebody has touched since is kept and told: a contact that has calls, orders or anything else that points at it, or was changed
by anybody but this import; a field that holds something else now; a number that was written anew.
"""

import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID

from django.apps import apps
from django.db import models, transaction
from django.utils import timezone

from config.platform.copying import as_json
from config.platform.history import Done, record_by_copy
from config.platform.moves import transition
from config.platform.statements import rows as rows_of
from crm import news
from crm.importing import additions, progress
from crm.importing.additions import Had
from crm.importing.matching import name_key
from crm.importing.writing import loads
from crm.models import Contact, ContactAddress, ContactEmail, ContactPhone, Import, Note, PhoneNumber

CHUNK = 1000
CHANGED, NOTHING_LEFT, EMPLOYER, PEOPLE = "changed_since", "nothing_would_be_left", "employer_kept", "has_employees"
_PARTS = (ContactPhone, ContactEmail, ContactAddress)
_ROWS = """
    SELECT line, verdict, object_id, effect FROM crm_importrow
    WHERE batch_id = %s AND line <= %s AND verdict IN ('create', 'update') ORDER BY line DESC LIMIT %s
"""
_FOREIGN = """
    SELECT subject_id, count(*) FILTER (WHERE facts->>'batch' = %s AND verb = 'alter'),
           count(*) FILTER (WHERE facts->>'batch' IS DISTINCT FROM %s)
    FROM platform_auditevent WHERE subject_id = ANY(%s::uuid[]) AND subject_type = 'contact' GROUP BY subject_id
"""
_NOTES = """
    SELECT DISTINCT n.contact_id FROM crm_note n JOIN crm_contact c ON c.id = n.contact_id
    WHERE n.contact_id = ANY(%s::uuid[]) AND (n.created_at > c.created_at OR n.version > 1)
"""
_CLEARED = """
    UPDATE crm_contact c SET surname = n.surname, name = n.name, patronymic = n.patronymic, company_name = n.company_name,
        language = n.language, time_zone = n.time_zone, time_zone_source = n.time_zone_source, external_id = n.external_id,
        tags = n.tags, search_key = n.search_key, version = c.version + 1, updated_at = %s
    FROM jsonb_to_recordset(%s::jsonb) AS n(id uuid, surname text, name text, patronymic text, company_name text, language text,
        time_zone text, time_zone_source text, external_id text, tags text[], search_key text)
    WHERE c.id = n.id
"""
#: a contact has one primary number and one primary address, as long as it has any
_PRIMARY = """
    UPDATE {table} t SET is_primary = true FROM (
        SELECT DISTINCT ON (contact_id) id, bool_or(is_primary) OVER (PARTITION BY contact_id) AS has_one
        FROM {table} WHERE contact_id = ANY(%s::uuid[]) ORDER BY contact_id, {order}
    ) first WHERE t.id = first.id AND NOT first.has_one
"""


@dataclass(slots=True)
class Row:
    """A row that was brought in."""

    line: int
    verdict: str
    object_id: UUID | None
    effect: dict[str, Any]
    kept: list[str] = field(default_factory=list)


def undo(batch: Import, *, until: float) -> bool:
    """Take rows back until none is left (True) or the turn is over (False)."""
    pace = progress.Pace()
    while True:
        count = _undo_chunk(batch, pace)
        if count is None:
            return True
        if not count:
            while _second_look(batch):
                pass
            with transition(Import, batch.pk, "finish_undo", by=None, now=timezone.now()) as done:
                done.undone_at, done.rate, done.undone = timezone.now(), None, done.applied
            return True
        if time.monotonic() > until:
            return False


@transaction.atomic
def _undo_chunk(batch: Import, pace: progress.Pace) -> int | None:
    """Take back the last rows that are not yet; how many they were. None when the import is not being undone."""
    current = Import.objects.select_for_update(of=("self",)).select_related("by").get(pk=batch.pk)
    if current.status != Import.Status.UNDOING:
        return None
    last = current.applied_to if current.undone_from is None else current.undone_from - 1
    found = [
        Row(line, verdict, object_id, loads(effect) or {}) for line, verdict, object_id, effect in rows_of(_ROWS, [batch.pk, last, CHUNK])
    ]
    if not found:
        return 0
    now = timezone.now()
    removed = _remove(current, [row for row in found if row.verdict == "create" and row.object_id], now)
    _take_out(current, [row for row in found if row.verdict == "update" and row.effect and row.object_id not in removed], now)
    kept = [{"line": row.line, "kept_because": row.kept} for row in found if row.kept]
    if kept:
        rows_of(
            "UPDATE crm_importrow r SET kept_because = n.kept_because FROM jsonb_to_recordset(%s::jsonb) AS n(line int, kept_because jsonb) "
            "WHERE r.batch_id = %s AND r.line = n.line",
            [as_json(kept), batch.pk],
        )
    current.undone_from, current.undone, current.kept = found[-1].line, current.undone + len(found), current.kept + len(kept)
    current.rate, current.failures = pace.of(len(found)), 0
    current.save(update_fields=["undone_from", "undone", "kept", "rate", "failures", "updated_at"])
    return len(found)


@transaction.atomic
def _second_look(batch: Import) -> bool:
    """Companies that were kept for people who are gone by now; whether some could be removed after all."""
    current = Import.objects.select_for_update(of=("self",)).select_related("by").get(pk=batch.pk)
    sql = (
        "SELECT line, verdict, object_id, effect FROM crm_importrow WHERE batch_id = %s AND kept_because = %s::jsonb "
        "AND verdict = 'create' ORDER BY line DESC LIMIT %s"
    )
    rows = [Row(line, verdict, object_id, {}) for line, verdict, object_id, _ in rows_of(sql, [batch.pk, as_json([PEOPLE]), CHUNK])]
    if current.status != Import.Status.UNDOING or not rows:
        return False
    gone = _remove(current, rows, timezone.now())
    lines = [row.line for row in rows if row.object_id in gone]
    rows_of("UPDATE crm_importrow SET kept_because = NULL WHERE batch_id = %s AND line = ANY(%s)", [batch.pk, lines])
    current.kept -= len(lines)
    current.save(update_fields=["kept", "updated_at"])
    return bool(lines)


# --- contacts that the import made


def _remove(batch: Import, made: Sequence[Row], now: datetime) -> set[UUID]:
    """Remove the contacts that nothing has touched; the ids of those removed."""
    contacts = additions.read((row.object_id for row in made if row.object_id), lock=True)
    reasons = _reasons(batch, contacts.values())
    for row in made:
        row.kept = reasons.get(row.object_id, []) if row.object_id in contacts else []
    gone = {contact_id for contact_id in contacts if not reasons.get(contact_id)}
    _delete(batch, [contacts[contact_id] for contact_id in gone], now)
    _remove_companies(batch, made, now)
    return gone


def _remove_companies(batch: Import, made: Sequence[Row], now: datetime) -> None:
    """Employers that rows named and that were not there: gone with the last of their people."""
    named = {UUID(row.effect["company"]): row for row in made if row.effect.get("company")}
    companies = additions.read(named, lock=True)
    reasons = _reasons(batch, companies.values())
    _delete(batch, [one for one in companies.values() if not reasons.get(one.id)], now)
    for company_id in companies:
        if reasons.get(company_id):
            named[company_id].kept.append(EMPLOYER)


def _reasons(batch: Import, contacts: Iterable[Had]) -> dict[UUID, list[str]]:
    """Why contacts must stay: what points at them, and whether anybody but this import has changed them."""
    versions = {one.id: one.version for one in contacts}
    if not versions:
        return {}
    ids = [str(contact_id) for contact_id in versions]
    found: dict[UUID, list[str]] = {}
    for name, sql in _pointing_at():
        for (contact_id,) in rows_of(sql, [ids]):
            found.setdefault(contact_id, []).append(f"has_{name}")
    for (contact_id,) in rows_of(_NOTES, [ids]):
        found.setdefault(contact_id, []).append("has_notes")
    told = {subject: (own, foreign) for subject, own, foreign in rows_of(_FOREIGN, [str(batch.pk), str(batch.pk), ids])}
    for contact_id, version in versions.items():
        own, foreign = told.get(contact_id, (0, 1))
        if foreign or version != 1 + own:
            found.setdefault(contact_id, []).append(CHANGED)
    _keep_employers(ids, found)
    return found


def _keep_employers(ids: list[str], found: dict[UUID, list[str]]) -> None:
    """Who has people that stay, stays; people who go along are no reason."""
    pairs = rows_of("SELECT id, employer_id FROM crm_contact WHERE employer_id = ANY(%s::uuid[])", [ids])
    going = {UUID(one) for one in ids} - found.keys()
    while True:
        stays = {employer for person, employer in pairs if person not in going and employer in going}
        if not stays:
            break
        for contact_id in stays:
            found.setdefault(contact_id, []).append(PEOPLE)
        going -= stays


@cache
def _pointing_at() -> list[tuple[str, str]]:
    """For each table of any app whose rows point at contacts and are no part of them: its name, and who of some contacts is pointed at."""
    found = []
    for model in apps.get_models(include_auto_created=True):
        for one in model._meta.concrete_fields:
            is_ours = model in (*_PARTS, Note) or (model is Contact and one.name == "employer")
            if isinstance(one, models.ForeignKey) and one.related_model is Contact and not is_ours:
                name = str(model._meta.verbose_name_plural).replace(" ", "_")
                table, column = model._meta.db_table, one.column
                found.append((name, f'SELECT DISTINCT "{column}" FROM "{table}" WHERE "{column}" = ANY(%s::uuid[])'))  # noqa: S608 (names of our own tables)
    return found


def _delete(batch: Import, gone: Sequence[Had], now: datetime) -> None:
    if not gone:
        return
    ids = [str(one.id) for one in gone]
    numbers = _delete_links("crm_contactphone", "contact_id", ids)
    for table in ("crm_contactemail", "crm_contactaddress", "crm_note"):
        rows_of(f"DELETE FROM {table} WHERE contact_id = ANY(%s::uuid[])", [ids])  # noqa: S608
    rows_of("DELETE FROM crm_contact WHERE id = ANY(%s::uuid[])", [ids])
    _forget_numbers(batch, numbers)
    names = ("kind", *additions.FILLED, "tags", "source", "external_id")
    done = [
        Done(
            one.id,
            "remove",
            {name: [getattr(one, name), None] for name in names if getattr(one, name)},
            {"batch": batch.pk, "phones": sorted(e164 for e164, _ in one.phones)},
        )
        for one in gone
    ]
    record_by_copy("contact", done, by=batch.by, now=now)
    news.told_by_copy(done, {one.id: one for one in gone}, now=now)


def _delete_links(table: str, column: str, ids: list[str]) -> list[UUID]:
    """The numbers that were linked, once each."""
    return [number for (number,) in rows_of(f"DELETE FROM {table} WHERE {column} = ANY(%s::uuid[]) RETURNING phone_id", [ids])]  # noqa: S608


def _forget_numbers(batch: Import, numbers: Sequence[UUID]) -> None:
    """Numbers that are no older than the import and that nothing knows any more."""
    if not numbers:
        return
    rows_of(_numbers_unknown(), [sorted({str(number) for number in numbers}), batch.started_at])


@cache
def _numbers_unknown() -> str:
    """Remove those of some numbers to which nothing points, in the tables of any app."""
    pointing = [
        f'NOT EXISTS (SELECT 1 FROM "{model._meta.db_table}" o WHERE o."{one.column}" = p.id)'  # noqa: S608 (names of our own tables)
        for model in apps.get_models(include_auto_created=True)
        for one in model._meta.concrete_fields
        if isinstance(one, models.ForeignKey) and one.related_model is PhoneNumber
    ]
    known = "p.id = ANY(%s::uuid[]) AND p.created_at >= %s AND p.version = 1 AND p.validity = 'unknown'"
    return f"DELETE FROM crm_phonenumber p WHERE {' AND '.join([known, *pointing])}"  # noqa: S608


# --- what was added to contacts that others made


def _take_out(batch: Import, rows: Sequence[Row], now: datetime) -> None:
    contacts = additions.read((row.object_id for row in rows if row.object_id), lock=True)
    before = {contact_id: _columns(had) for contact_id, had in contacts.items()}
    taken: dict[UUID, dict[str, Any]] = {}
    there = _links_there(rows)
    for row in rows:  # the last first
        had = contacts.get(row.object_id) if row.object_id else None
        if had is not None:
            _one_row(row, had, there, taken.setdefault(had.id, {"phones": [], "emails": []}))
    links = [link for one in taken.values() for link, _ in one["phones"]]
    mails = [mail for one in taken.values() for mail, _ in one["emails"]]
    _forget_numbers(batch, _delete_links("crm_contactphone", "id", links) if links else [])
    if mails:
        rows_of("DELETE FROM crm_contactemail WHERE id = ANY(%s::uuid[])", [mails])
    done = []
    for contact_id, one in taken.items():
        after = _columns(contacts[contact_id])
        changes = {name: [value, after[name]] for name, value in before[contact_id].items() if value != after[name]}
        if changes or one["phones"] or one["emails"]:
            facts = {
                "batch": batch.pk,
                "phones_removed": [e164 for _, e164 in one["phones"]],
                "emails_removed": [m for _, m in one["emails"]],
            }
            done.append(Done(contact_id, "alter", changes, facts))
    changed = [contacts[one.subject_id] for one in done]
    if changed:
        rows_of(_CLEARED, [now, as_json([{"id": had.id, **_columns(had), "search_key": name_key(_columns(had))} for had in changed])])
        ids = [str(had.id) for had in changed]
        rows_of(_PRIMARY.format(table="crm_contactphone", order='"order", id'), [ids])
        rows_of(_PRIMARY.format(table="crm_contactemail", order="id"), [ids])
        record_by_copy("contact", done, by=batch.by, now=now)
        news.told_by_copy(done, contacts, now=now)


def _columns(had: Had) -> dict[str, Any]:
    return {name: getattr(had, name) for name in (*additions.FILLED, "time_zone_source", "external_id", "tags")}


def _links_there(rows: Sequence[Row]) -> set[str]:
    """Which of the links that these rows made are still there, as they were made."""
    phones = [link for row in rows for _, link in row.effect.get("phones", ())]
    mails = [mail for row in rows for _, mail in row.effect.get("emails", ())]
    found = rows_of("SELECT id FROM crm_contactphone WHERE id = ANY(%s::uuid[]) AND version = 1", [phones]) if phones else []
    found += rows_of("SELECT id FROM crm_contactemail WHERE id = ANY(%s::uuid[]) AND version = 1", [mails]) if mails else []
    return {str(one) for (one,) in found}


def _one_row(row: Row, had: Had, there: set[str], taken: dict[str, list[Any]]) -> None:
    """Take out of the contact, as we hold it, what the row put in and nobody changed since."""
    was, phones, emails = _columns(had), had.phones, had.emails
    marks = len(taken["phones"]), len(taken["emails"])
    numbers = {e164 for e164, _ in had.phones}
    for e164, link in row.effect.get("phones", ()):
        if link in there:
            taken["phones"].append((link, e164))
            had.phones = {(number, extension) for number, extension in had.phones if number != e164}
        elif e164 in numbers:
            row.kept.append(CHANGED)  # the number was written anew by somebody
    for email, mail in row.effect.get("emails", ()):
        if mail in there:
            taken["emails"].append((mail, email))
            had.emails = had.emails - {email}
        elif email in had.emails:
            row.kept.append(CHANGED)
    for name, value in row.effect.get("fields", {}).items():
        _clear(row, had, name, value)
    if not (had.phones or had.emails or any(getattr(had, name) for name in ("surname", "name", "patronymic", "company_name"))):
        for name, value in was.items():  # whoever was known by this alone stays known
            setattr(had, name, value)
        had.phones, had.emails = phones, emails
        del taken["phones"][marks[0] :], taken["emails"][marks[1] :]
        row.kept.append(NOTHING_LEFT)
    row.kept = list(dict.fromkeys(row.kept))


def _clear(row: Row, had: Had, name: str, value: Any) -> None:
    if name == "tags":
        had.tags = [tag for tag in had.tags if tag not in value]
    elif getattr(had, name) != value:
        if getattr(had, name):
            row.kept.append(CHANGED)
    elif name == "company_name" and had.kind == Contact.Kind.COMPANY:
        row.kept.append(CHANGED)  # made a company since: it needs its name
    else:
        setattr(had, name, "")
        if name == "time_zone":
            had.time_zone_source = Contact.TimeZoneSource.UNKNOWN
