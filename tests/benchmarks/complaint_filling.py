"""Open complaints by the million, each with one promise, made by the database itself from a row of each table."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, models, transaction

from complaints.models import Clock, Complaint, EscalationLevel, EscalationPolicy, SLAPolicy
from config.platform.models import Role, User
from crm.models import Department
from tests.benchmarks.filling import without_indexes

DEPARTMENTS, PEOPLE = 50, 200
TARGET = timedelta(days=40)
#: One in so many was broken long ago, told and escalated to the end.
ONE_OF_LATE = 33
NUMBERED = "('0199a1b2-0000-7000-8000-' || lpad(to_hex(i), 12, '0'))::uuid"
#: The first so many are due in the hour before now; the others from tomorrow on, for a month.
DUE = "CASE WHEN i <= %(due)s THEN %(now)s - (i %% 3600) * interval '1 second' ELSE %(now)s + interval '12 hours' + (i %% 2592000) * interval '1 second' END"
IS_LATE = f"(i > %(due)s AND i %% {ONE_OF_LATE} = 0)"


def fill(many: int, *, due: int, now: datetime, say: Callable[[str], None]) -> None:
    """Fill the tables, unless an earlier run did."""
    if Complaint.objects.exists():
        say("The tables are filled already.")
        return
    began = time.monotonic()
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SET LOCAL maintenance_work_mem = '512MB'; SET LOCAL session_replication_role = replica")
        people = User.objects.bulk_create(
            [User(username=f"person-{n}", surname=f"Person {n}", role=Role.BACK_OFFICE) for n in range(PEOPLE)]
        )
        departments = Department.objects.bulk_create([Department(name=f"Department {n}", head=people[n]) for n in range(DEPARTMENTS)])
        for n, department in enumerate(departments):
            department.members.set(people[n::DEPARTMENTS])
        policy = EscalationPolicy.objects.create(name="Ladder")
        for number, hours in enumerate((0, 4, 24), 1):
            EscalationLevel.objects.create(policy=policy, number=number, offset_s=hours * 3600, counted="wall", target="leads")
        sla = SLAPolicy.objects.create(
            name="Promise", counted="always", resolve_s=int(TARGET.total_seconds()), warn_percent=99, escalation=policy
        )
        complaint = Complaint.objects.create(
            number="C-0", summary="The parcel came broken", status="assigned", received_at=now, policy=sla, department=departments[0], assignee=people[0]
        )  # fmt: skip
        clock = Clock.objects.create(
            complaint=complaint, metric="resolve", policy=sla, policy_version=1, target_s=sla.resolve_s, warn_percent=99, escalation=policy,
            escalation_version=1, started_at=now, due_at=now,
        )  # fmt: skip
        values = {
            "many": many,
            "due": due,
            "now": now,
            "target": TARGET,
            "departments": [str(one.pk) for one in departments],
            "people": [str(one.pk) for one in people],
        }
        tables = ("complaints_complaint", "complaints_clock")
        with without_indexes(*tables):
            _copies(cursor, complaint, values, {
                "id": NUMBERED,
                "number": "'C-2026-' || lpad(i::text, 9, '0')",
                "received_at": f"{DUE} - %(target)s",
                "department_id": f"(%(departments)s::uuid[])[1 + i %% {DEPARTMENTS}]",
                "assignee_id": f"(%(people)s::uuid[])[1 + i %% {PEOPLE}]",
                "due_at": DUE,
                "breached_at": f"CASE WHEN {IS_LATE} THEN %(now)s - interval '3 days' END",
            })  # fmt: skip
            _copies(cursor, clock, values, {
                "id": NUMBERED.replace("-0000-", "-1111-"),
                "complaint_id": NUMBERED,
                "started_at": f"{DUE} - %(target)s",
                "due_at": DUE,
                "warn_at": f"{DUE} - %(target)s / 100",
                "warned_at": f"CASE WHEN i <= %(due)s OR {IS_LATE} THEN {DUE} - %(target)s / 100 END",
                "breached_at": f"CASE WHEN {IS_LATE} THEN %(now)s - interval '3 days' END",
                "breach_told_at": f"CASE WHEN {IS_LATE} THEN %(now)s - interval '3 days' END",
                "next_step_at": f"CASE WHEN {IS_LATE} THEN NULL WHEN i <= %(due)s THEN {DUE} ELSE {DUE} - %(target)s / 100 END",
            })  # fmt: skip
        Clock.objects.filter(pk=clock.pk).delete()
        Complaint.objects.filter(pk=complaint.pk).delete()
    with connection.cursor() as cursor:
        cursor.execute(f"VACUUM ANALYZE {', '.join(tables)}")
    say(f"{many:,} open complaints with a promise each in {time.monotonic() - began:.0f} s")


def _copies(cursor: Any, row: models.Model, values: dict[str, Any], differing: dict[str, str]) -> None:
    """The row as many times as is asked for, with these columns of its own."""
    table, columns = row._meta.db_table, [field.column for field in row._meta.concrete_fields]
    given = ", ".join(differing.get(column, f'one."{column}"') for column in columns)
    names = ", ".join(f'"{column}"' for column in columns)
    cursor.execute(
        f"INSERT INTO {table} ({names}) SELECT {given} FROM {table} one, generate_series(1, %(many)s) AS i WHERE one.id = %(row)s",
        {**values, "row": str(row.pk)},
    )


def as_before(due: int, now: datetime) -> None:
    """What a sweep did to those that were due is taken back, so that the next one finds them due again."""
    with connection.cursor() as cursor:
        cursor.execute("TRUNCATE complaints_escalationstep")
        values = {"due": due, "now": now}
        cursor.execute(
            f"UPDATE complaints_clock c SET breached_at = NULL, breach_told_at = NULL, due_at = {DUE}, next_step_at = {DUE} "
            f"FROM generate_series(1, %(due)s) AS i WHERE c.id = {NUMBERED.replace('-0000-', '-1111-')}",
            values,
        )
        cursor.execute(
            f"UPDATE complaints_complaint c SET breached_at = NULL FROM generate_series(1, %(due)s) AS i WHERE c.id = {NUMBERED}",
            values,
        )
        cursor.execute("VACUUM ANALYZE complaints_clock, complaints_complaint")
