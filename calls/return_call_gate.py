"""Whether a return call may be made now: the one gate is asked, as for any call, with the word that it answers a call of theirs."""

from datetime import datetime

from calls.models import ReturnCall
from config.platform.models import User
from crm import calling
from crm.models import Purpose


def may_be_made(row: ReturnCall, by: User, now: datetime) -> bool:
    """Registered with ``calls.return_calls.gates``."""
    verdict = calling.may_call(
        e164=row.e164, contact_id=row.contact_id, purpose=Purpose.SERVICE, agent=by, is_manual=True, is_return=True, now=now
    )
    return verdict.allowed
