"""What is kept no longer than it is needed: rules by setting, told before they are applied, applied in small steps.

Each step is one transaction: a person, or some thousand rows of a file. A worker that dies repeats nothing, since what was done
is not due any more.
"""

import logging
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import PurePosixPath
from typing import Any
from uuid import UUID

from django.conf import settings
from django.core.files.storage import default_storage
from django.db import OperationalError, transaction
from django.db.models import Q, QuerySet

from config.platform.history import record
from config.platform.registry import Registry
from crm import erasure, traces
from crm.exporting import jobs as exports
from crm.models import Contact, Export, Import, ImportRow

logger = logging.getLogger(__name__)
TURN_S = 45.0
ROWS_AT_ONCE = 5000
MOST_COUNTED = 100_000
ORPHAN_AFTER = timedelta(days=1)

#: Conditions on contacts, each true when somebody was reached, in whatever way: such a lead is kept.
reached: Registry[Callable[[], Q]] = Registry("what counts as having reached a contact")


@dataclass(frozen=True)
class Rule:
    """What is due after so many days, and what happens to it then. A rule without days is off."""

    name: str
    about: str
    due: Callable[[datetime], QuerySet[Any]]
    apply: Callable[[UUID, datetime], bool]

    @property
    def days(self) -> int:
        """After how many days; 0 is never."""
        return int(settings.RETENTION_DAYS[self.name])

    def due_now(self, now: datetime) -> QuerySet[Any]:
        """The rows that are due, the oldest first."""
        return self.due(now - timedelta(days=self.days)).order_by("pk")


def report(*, now: datetime) -> list[dict[str, Any]]:
    """What each rule would do now: the dry run. Counting stops at 100,000."""
    told = []
    for rule in RULES:
        count = rule.due_now(now).order_by()[: MOST_COUNTED + 1].count() if rule.days else 0
        told.append(
            {
                "rule": rule.name,
                "about": rule.about,
                "days": rule.days or None,
                "due": min(count, MOST_COUNTED),
                "due_is_more": count > MOST_COUNTED,
                "before": now - timedelta(days=rule.days) if rule.days else None,
            }
        )
    return told


def apply(*, now: datetime, seconds: float = TURN_S) -> tuple[bool, dict[str, int]]:
    """Do what is due, for about ``seconds``; answers whether something is left, and how many of each rule were done.

    Whoever stands under a veto is passed over and looked at again next time.
    """
    until = time.monotonic() + seconds
    done: dict[str, int] = {}
    for rule in RULES:
        if not rule.days:
            continue
        for row_id in _walk(rule, now):
            try:
                done[rule.name] = done.get(rule.name, 0) + int(rule.apply(row_id, now))
            except (erasure.ErasureVetoed, OperationalError) as error:  # an operator or another worker holds it: next time
                logger.info("retention_passed_over", extra={"rule": rule.name, "error": type(error).__name__})
            if time.monotonic() > until:
                return True, done
    return False, done


def sweep_files(*, now: datetime) -> int:
    """Delete files of imports and exports that no row names: what a worker left that died between a commit and its file."""
    known = {
        *Import.objects.exclude(file="").values_list("file", flat=True),
        *Export.objects.exclude(file="").values_list("file", flat=True),
    }
    running = {str(pk) for pk in Export.objects.waiting().values_list("pk", flat=True)}
    removed = 0
    for name in [*_files("imports"), *_files("exports")]:
        is_being_written = any(part.partition(".")[0] in running for part in PurePosixPath(name).parts)
        if name in known or is_being_written or default_storage.get_modified_time(name) > now - ORPHAN_AFTER:
            continue
        default_storage.delete(name)
        removed += 1
    return removed


def _walk(rule: Rule, now: datetime) -> Iterator[UUID]:
    last = None
    while True:
        rows = rule.due_now(now)
        page = list((rows.filter(pk__gt=last) if last else rows).values_list("pk", flat=True)[:200])
        if not page:
            return
        yield from page
        last = page[-1]


def _files(folder: str) -> Iterator[str]:
    try:
        folders, names = default_storage.listdir(folder)
    except FileNotFoundError:
        return
    yield from (f"{folder}/{name}" for name in names)
    for inner in folders:
        yield from _files(f"{folder}/{inner}")


# --- the rules
def _leads(before: datetime) -> QuerySet[Any]:
    found = Contact.objects.filter(lifecycle=Contact.Lifecycle.LEAD, created_at__lt=before, anonymised_at=None)
    for _, condition in reached:
        found = found.exclude(condition())
    return found


def _disqualified(before: datetime) -> QuerySet[Any]:
    return Contact.objects.filter(lifecycle=Contact.Lifecycle.DISQUALIFIED, updated_at__lt=before, anonymised_at=None)


def _imports(before: datetime) -> QuerySet[Any]:
    over = [Import.Status.DONE, Import.Status.FAILED, Import.Status.CANCELLED]
    return Import.objects.filter(status__in=over, updated_at__lt=before).exclude(file="")


def _exports(before: datetime) -> QuerySet[Any]:
    over = [Export.Status.EXPIRED, Export.Status.FAILED, Export.Status.CANCELLED]
    return Export.objects.filter(status__in=over, updated_at__lt=before)


def _erase(name: str) -> Callable[[UUID, datetime], bool]:
    def apply_to(contact_id: UUID, now: datetime) -> bool:
        return bool(erasure.erase(contact_id, reason=f"Retention: {name}", by=None, now=now).counts)

    return apply_to


def _empty_import(batch_id: UUID, now: datetime) -> bool:
    """The cells and the file go, the verdicts stay: what a file came to is still counted. The file's name goes last."""
    while True:
        full = ImportRow.objects.filter(batch=batch_id).exclude(cells=[]).values_list("pk", flat=True)[:ROWS_AT_ONCE]
        if not ImportRow.objects.filter(pk__in=list(full)).update(cells=[], candidate={}, problems=[], effect=None):
            break
    with transaction.atomic():
        batch = Import.objects.select_for_update().get(pk=batch_id)
        if not batch.file:
            return False
        default_storage.delete(str(batch.file.name))
        batch.file, batch.filename = "", traces.ERASED
        batch.version += 1
        batch.save()
        record(batch, "empty", by=None, now=now, reason="Retention: imports")
    return True


def _remove_export(export_id: UUID, now: datetime) -> bool:
    """The order itself, with its filter; the file went long ago. The trail keeps who ordered and who read it."""
    with transaction.atomic():
        export = Export.objects.select_for_update().get(pk=export_id)
        exports.clear(export_id)
        record(export, "remove", by=None, now=now, reason="Retention: exports")
        export.delete()
    return True


RULES = (
    Rule("imports", "Rows and files of finished imports are emptied; verdicts and counts stay.", _imports, _empty_import),
    Rule("exports", "Orders of exports whose files are gone are removed.", _exports, _remove_export),
    Rule("leads_never_reached", "Leads with whom nobody ever spoke are erased.", _leads, _erase("leads_never_reached")),
    Rule("disqualified", "Disqualified contacts that nobody changed since are erased.", _disqualified, _erase("disqualified")),
)
