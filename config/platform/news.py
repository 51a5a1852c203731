"""News that follows from what is remembered: whoever says once what a model tells, has it told at every recorded write of such a row."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

from config.platform import outbox
from config.platform.models import AuditEvent


@dataclass(frozen=True)
class Writing:
    """How writes of one model become news; registered with ``config.platform.history.followers``.

    ``type_of`` answers the type of a write, or nothing for one of which nobody is told; ``says`` the ``data``, none when it tells of nobody; ``contact`` whom it speaks of.
    ``named`` tells the column of a member that is called otherwise. The type's first word is the kind of the subject.
    """

    type_of: Callable[[AuditEvent], str]
    says: Callable[[Any, AuditEvent], dict[str, Any]]
    contact: Callable[[Any], UUID | None]
    named: Mapping[str, str] = field(default_factory=dict)

    def __call__(self, row: Any, event: AuditEvent) -> None:
        if news := self.of(row, event):
            outbox.tell(news.type, news.subject, news.data, contact=news.contact, previous=news.previous, now=event.at)

    def of(self, row: Any, event: AuditEvent) -> outbox.News | None:
        """What a write tells; for those who write many at once."""
        type_ = self.type_of(event)
        if not type_:
            return None
        data = self.says(row, event)
        if not data:
            return None
        is_new = "id" in event.changes
        was = {} if is_new else {column: values[0] for column, values in event.changes.items()}
        subject = outbox.Subject(type_.partition(".")[0], row.pk, row.version)
        return outbox.News(type_, subject, data, self.contact(row), outbox.before(row, was, data, named=self.named))
