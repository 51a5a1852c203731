"""What a chunk of rows changes, gathered and then written in a few statements, most of them COPY."""

from collections.abc import Iterator
from datetime import datetime
from typing import Any
from uuid import UUID

import orjson
from uuid_utils.compat import uuid7

from config.platform.copying import as_json, copy_in
from config.platform.history import Done, record_by_copy
from config.platform.statements import rows as rows_of
from crm import news
from crm.contacts import numbers_gained
from crm.importing import additions
from crm.importing.additions import Had
from crm.importing.matching import Candidate, name_key
from crm.models import Import, ImportRow
from crm.phone_book import only_zone
from crm.phone_numbers import reversed_digits
from crm.searching import remember_words

Verdict = ImportRow.Verdict
TEXTS = ("surname", "name", "patronymic", "company_name", "language", "external_id")
WORDS_REMEMBERED = 200_000
_STAGE = """
    CREATE TEMPORARY TABLE IF NOT EXISTS import_phones (
        n int, link_id uuid, contact_id uuid, e164 text, reversed text, raw text, line_type text, region text, time_zone text,
        label text, extension text, is_primary boolean, place int, number_id uuid
    ) ON COMMIT DELETE ROWS
"""
_NUMBERS = """
    INSERT INTO crm_phonenumber (id, created_at, updated_at, version, e164, reversed, raw_first_seen, line_type, region, time_zone, validity)
    SELECT DISTINCT ON (s.e164) s.number_id, %(now)s, %(now)s, 1, s.e164, s.reversed, s.raw, s.line_type, s.region, s.time_zone, 'unknown'
    FROM import_phones s WHERE NOT EXISTS (SELECT 1 FROM crm_phonenumber p WHERE p.e164 = s.e164) ORDER BY s.e164, s.n
    ON CONFLICT (e164) DO NOTHING
"""
_LINKS = """
    INSERT INTO crm_contactphone (id, created_at, updated_at, version, contact_id, phone_id, label, extension, is_primary, "order")
    SELECT s.link_id, %(now)s, %(now)s, 1, s.contact_id, p.id, s.label, s.extension, s.is_primary, s.place
    FROM import_phones s JOIN crm_phonenumber p ON p.e164 = s.e164 ORDER BY s.n
"""
_CHANGED = """
    UPDATE crm_contact c SET surname = n.surname, name = n.name, patronymic = n.patronymic, company_name = n.company_name,
        language = n.language, time_zone = n.time_zone, time_zone_source = n.time_zone_source, external_id = n.external_id,
        tags = n.tags, search_key = n.search_key, version = c.version + 1, updated_at = %s
    FROM jsonb_to_recordset(%s::jsonb) AS n(id uuid, surname text, name text, patronymic text, company_name text, language text,
        time_zone text, time_zone_source text, external_id text, tags text[], search_key text)
    WHERE c.id = n.id
"""


def loads(value: Any) -> Any:
    """A JSON column as it came from a plain statement."""
    return orjson.loads(value) if isinstance(value, str | bytes) else value


class Draft:
    """A contact that is not written yet."""

    __slots__ = ("candidate", "employer_id", "fields", "id", "made_at")

    def __init__(self, contact_id: UUID, candidate: Candidate, *, source: str, now: datetime) -> None:
        self.id, self.candidate, self.made_at = contact_id, candidate, now
        self.employer_id: UUID | None = None
        self.fields: dict[str, Any] = {name: candidate.get(name, "") for name in TEXTS}
        self.fields |= {"kind": candidate.get("kind", "person"), "tags": candidate.get("tags", []), "source": source}
        phones = candidate.get("phones", ())
        zone = candidate.get("time_zone", "")
        self.fields["time_zone_source"] = "explicit" if zone else "unknown"
        if not zone and phones:
            zone = only_zone([phone["e164"] for phone in phones])
            self.fields["time_zone_source"] = "number" if zone else "unknown"
        self.fields["time_zone"] = zone
        self.fields["search_key"] = name_key(candidate)

    def fold(self, more: Candidate) -> None:
        """Another row of this chunk means the same new contact."""
        names = {name: self.fields[name] for name in ("surname", "name", "patronymic", "company_name", "language", "external_id")}
        had = Had(
            id=self.id,
            kind=self.fields["kind"],
            time_zone=self.candidate.get("time_zone", ""),
            time_zone_source="",
            tags=self.fields["tags"],
            source=self.fields["source"],
            version=1,
            created_at=self.made_at,
            phones={(phone["e164"], phone["extension"]) for phone in self.candidate.get("phones", ())},
            emails=set(self.candidate.get("emails", ())),
            **names,
        )
        added = additions.to_contact(had, more)
        tags = added.fields.pop("tags", [])
        self.fields["tags"] = sorted({*self.fields["tags"], *tags})
        self.fields |= added.fields
        self.candidate |= {name: value for name, value in added.fields.items() if name in additions.FILLED}
        if "time_zone" in added.fields:
            self.fields["time_zone_source"] = "explicit"
        self.candidate["phones"] = [*self.candidate.get("phones", ()), *added.phones]
        self.candidate["emails"] = [*self.candidate.get("emails", ()), *added.emails]
        self.fields["search_key"] = name_key(self.candidate)


class Work:
    """Collects what a chunk of rows changes. ``words`` are the name words this worker has written before."""

    def __init__(self, batch: Import, *, now: datetime, words: set[str]) -> None:
        self.batch, self.now, self.words = batch, now, words
        self.same: dict[str, Any] = {"created_at": now, "updated_at": now, "version": 1}
        self.made: dict[UUID, Draft] = {}
        self.line_of: dict[UUID, int] = {}
        self.added: dict[UUID, list[tuple[int, Candidate]]] = {}
        self.outcomes: dict[int, dict[str, Any]] = {}
        self.phones: list[list[Any]] = []
        self.emails: list[list[Any]] = []
        self.done: list[Done] = []

    def create(self, candidate: Candidate, *, line: int, planned: UUID | None) -> UUID:
        """A new contact, with the id that its verdict promised."""
        draft = Draft(planned or uuid7(), candidate, source=self.batch.source, now=self.now)
        self.made[draft.id], self.line_of[draft.id] = draft, line
        if planned is None:
            self.outcomes[line] = {"verdict": Verdict.CREATE, "object_id": draft.id, "effect": None}
        return draft.id

    def add_to(self, contact_id: UUID, candidate: Candidate, *, line: int) -> None:
        """The row means somebody we have, perhaps since a moment."""
        self.outcomes[line] = {"verdict": Verdict.UPDATE, "object_id": contact_id, "effect": None}
        if contact_id in self.made:
            self.made[contact_id].fold(candidate)
        else:
            self.added.setdefault(contact_id, []).append((line, candidate))

    def write(self) -> dict[int, dict[str, Any]]:
        """Write it all, with its audit events; what became of the lines that did not simply make their contact."""
        companies = self._employers()
        changed = self._extend()
        drafts = [*companies, *self.made.values()]
        self._contacts(drafts)
        for draft in drafts:
            phones, emails = draft.candidate.get("phones", ()), draft.candidate.get("emails", ())
            for place, phone in enumerate(phones):
                self._phone(draft.id, phone, place=place, is_primary=place == 0)
            for place, email in enumerate(emails):
                self._email(draft.id, email, is_primary=place == 0)
        self._remember([*(draft.fields["search_key"] for draft in drafts), *(name_key(_names(had)) for had in changed)])
        self._parts(drafts)
        record_by_copy("contact", self.done, by=self.batch.by, now=self.now)
        e164s = ((phone["e164"] for phone in draft.candidate.get("phones", ())) for draft in drafts)
        news.added_by_copy(((one.id, one.fields, list(numbers)) for one, numbers in zip(drafts, e164s, strict=True)), now=self.now)
        altered = {had.id: had for had in changed}
        news.told_by_copy([one for one in self.done if one.subject_id in altered], altered, now=self.now)
        pairs = [(link[2], link[3]) for link in self.phones]
        for _, tell in numbers_gained:
            tell(pairs)
        return self.outcomes

    # --- contacts we have
    def _extend(self) -> list[Had]:
        found = additions.read(self.added, lock=True)
        changed = []
        for contact_id, given in self.added.items():
            had = found[contact_id]  # KeyError: gone since it was matched; the rows are then matched anew, one by one
            is_old = had.created_at < (self.batch.started_at or self.now)
            if self.batch.only_new and is_old:
                for line, _ in given:
                    self.outcomes[line]["verdict"] = Verdict.SKIPPED
                continue
            before = {name: getattr(had, name) for name in (*additions.FILLED, "tags", "external_id", "time_zone_source")}
            gained = [self._add(had, line, candidate) for line, candidate in given]
            if any(gained):
                after = {name: getattr(had, name) for name in before}
                changes = {name: [before[name], after[name]] for name in before if before[name] != after[name]}
                facts = {
                    "batch": self.batch.pk,
                    "phones_added": sorted(phone["e164"] for one in gained for phone in one.phones),
                    "emails_added": sorted(email for one in gained for email in one.emails),
                }
                self.done.append(Done(contact_id, "alter", changes, facts))
                changed.append(had)
        if changed:
            told = [{**_columns_of(had), "id": had.id, "search_key": name_key(_names(had))} for had in changed]
            rows_of(_CHANGED, [self.now, as_json(told)])
        return changed

    def _add(self, had: Had, line: int, candidate: Candidate) -> additions.Addition:
        """One row's addition; its effect is written down so that it can be taken back."""
        added = additions.to_contact(had, candidate)
        if not added:
            return added
        has_phone, has_mail, place = bool(had.phones), bool(had.emails), len(had.phones)
        phones = [
            [phone["e164"], self._phone(had.id, phone, place=place + index, is_primary=not has_phone and not index)]
            for index, phone in enumerate(added.phones)
        ]
        emails = [[email, self._email(had.id, email, is_primary=not has_mail and not index)] for index, email in enumerate(added.emails)]
        self.outcomes[line]["effect"] = {"fields": added.fields, "phones": phones, "emails": emails}
        additions.put(had, added)
        return added

    # --- writing
    def _contacts(self, drafts: list[Draft]) -> None:
        names = ["kind", *TEXTS, "time_zone", "time_zone_source", "tags", "source", "search_key"]
        lines = ([one.id, *map(one.fields.__getitem__, names), one.employer_id] for one in drafts)
        copy_in("crm_contact", ["id", *names, "employer_id"], lines, same=self.same | {"lifecycle": "lead", "custom_fields": "{}"})
        for one in drafts:
            changes = {name: [None, one.fields[name]] for name in names[:-1] if one.fields[name]}
            if one.employer_id:
                changes["employer_id"] = [None, str(one.employer_id)]
            self.done.append(Done(one.id, "add", changes, {"batch": self.batch.pk}))

    def _phone(self, contact_id: UUID, phone: dict[str, Any], *, place: int, is_primary: bool) -> UUID:
        e164, link_id, line_type = phone["e164"], uuid7(), phone.get("line_type", "unknown")
        self.phones.append(
            [
                len(self.phones), link_id, contact_id, e164, reversed_digits(e164), phone.get("raw", "")[:200], line_type,
                phone.get("region", ""), only_zone([e164]), "mobile" if line_type == "mobile" else "other", phone.get("extension", ""),
                is_primary, min(place, 32_000), uuid7(),
            ]
        )  # fmt: skip
        return link_id

    def _email(self, contact_id: UUID, email: str, *, is_primary: bool) -> UUID:
        email_id = uuid7()
        self.emails.append([email_id, contact_id, email, is_primary])
        return email_id

    def _parts(self, drafts: list[Draft]) -> None:
        """Numbers, links, addresses of both kinds, notes."""
        if self.phones:
            rows_of(_STAGE, [])
            columns = ["n", "link_id", "contact_id", "e164", "reversed", "raw", "line_type", "region", "time_zone"]
            copy_in("import_phones", [*columns, "label", "extension", "is_primary", "place", "number_id"], self.phones)
            for statement in (_NUMBERS, _LINKS):
                rows_of(statement, {"now": self.now})
            rows_of("DELETE FROM import_phones", [])
        copy_in("crm_contactemail", ["id", "contact_id", "email", "is_primary"], self.emails, same=self.same | {"label": ""})
        copy_in(
            "crm_contactaddress",
            ["id", "contact_id", "text"],
            ([uuid7(), draft.id, text[:500]] for draft, text in _told(drafts, "address")),
            same=self.same | dict.fromkeys(("label", "street", "city", "region", "postal_code", "country"), ""),
        )
        copy_in(
            "crm_note",
            ["id", "contact_id", "text"],
            ([uuid7(), draft.id, text] for draft, text in _told(drafts, "notes")),
            same=self.same | {"is_pinned": False, "by_id": self.batch.by_id, "origin_kind": ""},
        )

    def _remember(self, keys: list[str]) -> None:
        fresh = {word for key in keys for word in key.split()} - self.words
        if fresh:
            remember_words(sorted(fresh))
            if len(self.words) > WORDS_REMEMBERED:
                self.words.clear()
            self.words |= fresh

    def _employers(self) -> list[Draft]:
        """A row may name an employer: the company we have under that name, or a new one, which is answered."""
        named = {draft.id: draft.candidate["employer"] for draft in self.made.values() if draft.candidate.get("employer")}
        if not named:
            return []
        keys = {name: name_key({"company_name": name}) for name in set(named.values())}
        sql = (
            "SELECT c.search_key, c.id FROM unnest(%s::text[]) AS wanted(name) JOIN crm_contact c ON c.search_key = wanted.name "
            "AND c.search_key <> '' WHERE c.kind = 'company' AND c.merged_into_id IS NULL ORDER BY c.id DESC"
        )
        companies: dict[str, UUID] = dict(rows_of(sql, [sorted(filter(None, keys.values()))]))
        companies |= {one.fields["search_key"]: one.id for one in self.made.values() if one.fields["kind"] == "company"}
        new: list[Draft] = []
        for contact_id, name in named.items():
            key = keys[name]
            if key and key not in companies:
                company = Draft(uuid7(), {"kind": "company", "company_name": name[:200]}, source=self.batch.source, now=self.now)
                companies[key] = company.id
                new.append(company)
                line = self.line_of[contact_id]
                self.outcomes[line] = {"verdict": Verdict.CREATE, "object_id": contact_id, "effect": {"company": company.id}}
            if companies.get(key) != contact_id:
                self.made[contact_id].employer_id = companies.get(key)
        return new


def _names(had: Had) -> Candidate:
    return {"surname": had.surname, "name": had.name, "patronymic": had.patronymic, "company_name": had.company_name}


def _columns_of(had: Had) -> dict[str, Any]:
    names = ("surname", "name", "patronymic", "company_name", "language", "time_zone", "time_zone_source", "external_id", "tags")
    return {name: getattr(had, name) for name in names}


def _told(drafts: list[Draft], name: str) -> Iterator[tuple[Draft, str]]:
    return ((draft, draft.candidate[name]) for draft in drafts if draft.candidate.get(name))
