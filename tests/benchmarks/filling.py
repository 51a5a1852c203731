"""A base of the size that a call centre has after years, made by the database itself in a few minutes."""

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager

from django.db import connection, transaction

from crm.names import folded

SURNAMES = ["Иванов", "Смирнов", "Кузнецов", "Попов", "Васильев", "Петров", "Соколов", "Михайлов", "Новиков", "Фёдоров", "Морозов", "Волков", "Алексеев", "Лебедев", "Семёнов", "Егоров", "Павлов", "Козлов", "Степанов", "Николаев", "Santos", "Reyes", "Cruz", "Bautista", "Ocampo", "Garcia", "Mendoza", "Torres", "Flores", "Ramos", "Müller", "Schmidt", "Schneider", "Fischer", "Weber", "Meyer", "Smith", "Jones", "Taylor", "Brown"]  # fmt: skip
NAMES = [
    "Александр",
    "Мария",
    "Дмитрий",
    "Анна",
    "Максим",
    "Елена",
    "Иван",
    "Ольга",
    "Алёна",
    "Сергей",
    "Наталья",
    "Андрей",
    "Juan",
    "Maria",
    "Jose",
    "Ana",
    "Hans",
    "Greta",
    "John",
    "Mary",
]
PATRONYMICS = ["", "Иванович", "Петровна", "Сергеевич", "Андреевна", "Игоревна", "Олегович", ""]
SYLLABLES = ["ба", "во", "гу", "да", "же", "зи", "ка", "ло", "му", "на", "о", "пи", "ро", "са", "ту", "фе", "хо", "ца", "че", "ши"]


def fill(contacts: int, calls: int, *, say) -> None:
    """Fill the tables, unless an earlier run did. Numbers are +7916…, one a contact; calls come from those numbers.

    All or nothing: a run that is stopped while it fills leaves no half-filled table and no index missing.
    """
    with connection.cursor() as cursor:
        cursor.execute("SELECT (SELECT count(*) FROM crm_contact), (SELECT count(*) FROM calls_call)")
        there = cursor.fetchone()
        if there[0] == contacts and there[1] >= calls:
            say("The tables are filled already.")
            return
        if there != (0, 0):
            raise SystemExit(f"The database holds {there[0]:,} contacts and {there[1]:,} calls: give an empty one, or say --afresh.")
        say(f"Filling {contacts:,} contacts and {calls:,} calls: minutes.")
        cursor.execute("SET statement_timeout = 0; SET idle_in_transaction_session_timeout = 0; SET maintenance_work_mem = '512MB'")
        with transaction.atomic():
            cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")  # a table with deferred checks may not get an index
            began = time.monotonic()
            with without_indexes("crm_contact", "crm_phonenumber", "crm_contactphone", "crm_nameword"):
                _contacts(cursor, contacts)
            say(f"{contacts:,} contacts in {time.monotonic() - began:.0f} s")
            began = time.monotonic()
            with without_indexes("calls_call", "calls_callleg"):
                _calls(cursor, contacts, calls)
            say(f"{calls:,} calls in {time.monotonic() - began:.0f} s")
        cursor.execute("VACUUM ANALYZE")
        cursor.execute("RESET statement_timeout; RESET idle_in_transaction_session_timeout; RESET maintenance_work_mem; CHECKPOINT")


@contextmanager
def without_indexes(*tables: str) -> Iterator[None]:
    """Drop what is not a constraint, and make it again afterwards: one build costs less than a million additions."""
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT i.indexrelid::regclass::text, pg_get_indexdef(i.indexrelid) FROM pg_index i "
            "WHERE i.indrelid = ANY(%s::regclass[]) AND NOT EXISTS (SELECT 1 FROM pg_constraint c WHERE c.conindid = i.indexrelid)",
            [list(tables)],
        )
        indexes = cursor.fetchall()
        for name, _ in indexes:
            cursor.execute(f"DROP INDEX {name}")
        yield
        for _, definition in indexes:
            cursor.execute(definition)


def _names(count: int) -> list[tuple[str, str, str, str]]:
    chance = random.Random(1)
    rare = ["".join(chance.choices(SYLLABLES, k=chance.randint(2, 4))).capitalize() for _ in range(8000)]
    surnames = [*rare, *(SURNAMES * 30)]
    found = []
    for _ in range(count):
        surname, name, patronymic = chance.choice(surnames), chance.choice(NAMES), chance.choice(PATRONYMICS)
        found.append((surname, name, patronymic, f" {folded(f'{surname} {name} {patronymic}')} "))
    return found


def _contacts(cursor, count: int) -> None:
    cursor.execute("CREATE TEMP TABLE names (n serial, surname text, name text, patronymic text, key text)")
    rows = _names(200_000)
    text = b",".join(cursor.mogrify("(%s,%s,%s,%s)", row) for row in rows)
    cursor.execute(b"INSERT INTO names (surname, name, patronymic, key) VALUES " + text)
    cursor.execute("CREATE INDEX ON names (n); ANALYZE names")
    cursor.execute(
        """
        INSERT INTO crm_contact (id, created_at, updated_at, version, kind, surname, name, patronymic, company_name, lifecycle, language,
            time_zone, time_zone_source, tags, custom_fields, source, external_id, search_key)
        SELECT uuidv7(), now() - (%(n)s - i) * interval '1 second', now() - (%(n)s - i) * interval '1 second', 1, 'person', n.surname, n.name,
            n.patronymic, '', 'client', 'ru', 'Europe/Moscow', 'number', '{}', '{}', '', '', n.key
        FROM generate_series(1, %(n)s) AS i JOIN names n ON n.n = 1 + i %% 200000
        """,
        {"n": count},
    )
    cursor.execute("INSERT INTO crm_nameword SELECT DISTINCT unnest(string_to_array(trim(key), ' ')) FROM names ON CONFLICT DO NOTHING")
    cursor.execute(
        """
        INSERT INTO crm_phonenumber (id, created_at, updated_at, version, e164, reversed, raw_first_seen, line_type, region, time_zone, validity)
        SELECT uuidv7(), now(), now(), 1, '+7916' || lpad(i::text, 7, '0'), reverse('7916' || lpad(i::text, 7, '0')), '', 'mobile', 'RU', '', 'unknown'
        FROM generate_series(1, %s) AS i
        """,
        [count],
    )
    cursor.execute(
        """
        INSERT INTO crm_contactphone (id, created_at, updated_at, version, label, extension, is_primary, "order", contact_id, phone_id)
        SELECT uuidv7(), now(), now(), 1, 'mobile', '', true, 0, c.id, p.id
        FROM (SELECT id, row_number() OVER (ORDER BY id) AS n FROM crm_contact) c
        JOIN (SELECT id, row_number() OVER (ORDER BY e164) AS n FROM crm_phonenumber) p USING (n)
        """
    )


def _calls(cursor, contacts: int, count: int) -> None:
    cursor.execute(
        """
        INSERT INTO calls_call (id, created_at, updated_at, version, source, external_id, direction, state, outcome, from_raw, from_e164, from_name,
            to_raw, to_e164, to_name, customer_e164, line, queue, contact_id, match_quality, answered_by_raw, answered_by_name, started_at,
            answered_at, ended_at, wait_s, talk_s, hold_s, hangup_by, cause_text, is_partial, is_stale_closed, transfers, queue_stays,
            recordings, linked_ids, flags, last_event_at, wrap_up_state, note)
        SELECT uuidv7(), at, at, 1, 'event', '', CASE WHEN i %% 5 = 0 THEN 'outbound' ELSE 'inbound' END, 'ended',
            CASE WHEN i %% 7 = 0 THEN 'abandoned' ELSE 'answered' END, number, number, '', '+78001234567', '+78001234567', '', number, '',
            'support', c.id, 'exact', '', '', at, at, at + interval '2 minutes', 5, 115, 0, 'caller', '', false, false, '[]', '[]', '[]', '[]', '[]',
            at, 'done', ''
        FROM (SELECT i, now() - (%(calls)s - i) * interval '9 seconds' AS at, 1 + (i::bigint * 7919) %% %(contacts)s AS who FROM generate_series(1, %(calls)s) AS i) x
        JOIN (SELECT l.contact_id AS id, p.e164 AS number, row_number() OVER (ORDER BY p.e164) AS n
              FROM crm_contactphone l JOIN crm_phonenumber p ON p.id = l.phone_id) c ON c.n = x.who
        """,
        {"calls": count, "contacts": contacts},
    )
    cursor.execute(
        """
        INSERT INTO calls_callleg (id, created_at, updated_at, version, call_id, key, party, extension, number_raw, name, state, started_at,
            ring_at, answered_at, ended_at, hold_s, end_reason)
        SELECT uuidv7(), created_at, updated_at, 1, id, 'l1', 'agent', '201', '', '', 'ended', started_at, started_at, answered_at, ended_at, 0, ''
        FROM calls_call WHERE outcome = 'answered'
        """
    )
