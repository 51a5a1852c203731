"""Two gates that hand-outs pass by the hundred and that somebody may shut: that of a campaign, and that of all who may not be called any more.

Who hands out passes shared; who pauses a campaign, or writes that somebody may not be called, shuts it, waits for those inside, and
finds what they have done. So no contact is handed out after the pause was answered, and none slips through between a question to the
gate of calling and a no that was written meanwhile. PostgreSQL opens both when the transaction ends.
"""

from collections.abc import Sequence
from uuid import UUID

from django.db import connection

from config.platform import statements

STOPS = "campaigns: who may not be called"
FREE = "SELECT one::uuid FROM unnest(%s::text[]) AS one WHERE pg_try_advisory_xact_lock(hashtextextended('hand on ' || one, 7))"


def pass_campaign(campaign_id: UUID) -> None:
    """Hand out of this campaign: nobody shuts it before this transaction ends."""
    _lock("pg_advisory_xact_lock_shared", _name(campaign_id))


def shut_campaign(campaign_id: UUID) -> None:
    """Change whether a campaign hands out: whoever is handing out comes first."""
    _lock("pg_advisory_xact_lock", _name(campaign_id))


def one_by_one(agent_id: UUID) -> None:
    """Ask for one operator: who asks for them at the same time comes next. Taken before the other gates."""
    _lock("pg_advisory_xact_lock", f"hand of {agent_id}")


def pass_stops() -> None:
    """Ask the gate of calling, and act on its answer in this transaction."""
    _lock("pg_advisory_xact_lock_shared", STOPS)


def shut_stops() -> None:
    """Write that somebody may not be called: afterwards every lease is to be seen."""
    _lock("pg_advisory_xact_lock", STOPS)


def free_of(contacts: Sequence[UUID]) -> set[UUID]:
    """Those of the contacts whom nobody else is taking in hand at this moment; nobody does before this transaction ends. Waits for nobody.

    Two who take some of the same people on different numbers would else wait for one another.
    """
    return {row[0] for row in statements.rows(FREE, [[str(one) for one in contacts]])}


def report_in_turn(attempt_id: UUID) -> None:
    """Two who report one attempt at once, or report it while its call comes, pass one after the other: the second finds what the first wrote."""
    _lock("pg_advisory_xact_lock", f"report of attempt {attempt_id}")


def _name(campaign_id: UUID) -> str:
    return f"campaign {campaign_id}"


def _lock(function: str, name: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(hashtextextended(%s, 7))", [name])
