"""What the gate says of a callback, and what a supervisor's word changes of it."""

from datetime import datetime
from uuid import UUID

from calls.models import Callback
from config.platform.errors import Refusal
from config.platform.models import LEADERS, User
from crm import calling
from crm.calling import MayNotCall, Verdict
from crm.calling_whom import Whom

#: What the customer or the law forbids, no supervisor forces.
NEVER_FORCED = frozenset({"consent", "suppression"})


class ForceNotAllowed(Refusal):
    """Only a supervisor schedules against the gate's advice, and says why in `reason`."""

    code = "force_not_allowed"
    status = 403
    advice = "Choose a time after `next_at`, or ask a supervisor to schedule it with `force` and a `reason`."


def leads(by: User | None) -> bool:
    """Whether somebody may decide for others; what happens by itself may."""
    return by is None or by.role in LEADERS


class Asked:
    """What the gate said of one callback."""

    def __init__(self, verdict: Verdict) -> None:
        self.verdict = verdict

    @property
    def can_be_forced(self) -> bool:
        """Whether nobody's no stands against it."""
        return all(one.rule not in NEVER_FORCED for one in self.verdict.reasons)

    def allows(self, *, forced: bool) -> bool:
        """A forced one waits only for a call that goes on, and for what is never forced."""
        return self.verdict.allowed or (forced and self.can_be_forced and all(one.code != "open_call" for one in self.verdict.reasons))

    def require(self, *, forced: bool = False) -> None:
        """Refuse what is not allowed.

        Raises:
            MayNotCall
        """
        if not self.allows(forced=forced):
            raise MayNotCall.of(self.verdict)


def ask(row: Callback, *, force: bool, reason: str, by: User | None, now: datetime) -> str:
    """Ask whether they may be called at that time; answers the reason when it was forced, else nothing.

    Raises:
        MayNotCall, ForceNotAllowed
    """
    context = {"call": row.origin_id} if row.origin_kind == "call" else {}
    verdict = calling.may_call(
        e164=row.e164, contact_id=row.contact_id, purpose=row.purpose, at=row.at, agent=by, is_manual=True, context=context, now=now
    )
    if verdict.allowed:
        return ""
    asked = Asked(verdict)
    if not force or not asked.can_be_forced:
        asked.require()
    if not leads(by) or not reason.strip():
        raise ForceNotAllowed("Only a supervisor may do so, with a `reason`.", **verdict.as_facts())
    return reason


def now_about(rows: list[Callback], *, by: User, now: datetime) -> list[Asked]:
    """What the gate says of calling these now, in their order."""
    found: dict[UUID, Asked] = {}
    for purpose in sorted({row.purpose for row in rows}):
        some = [row for row in rows if row.purpose == purpose]
        whom = [Whom(row.e164, row.contact_id) for row in some]
        verdicts = calling.may_call_many(whom, purpose=purpose, agent=by, is_manual=True, now=now)
        found |= {row.pk: Asked(verdict) for row, verdict in zip(some, verdicts, strict=True)}
    return [found[row.pk] for row in rows]
