"""Ids of contacts that were merged into another: they go on meaning somebody, the one that is left.

To read by an old id answers with whoever is left; a reference to it in a body means whoever is left. To change the old
contact itself is refused, since whoever asks saw another contact than the one that would change.
"""

from collections.abc import Iterable
from uuid import UUID

from config.platform import statements
from config.platform.errors import Refusal
from crm.models import Contact

LEFT = """
WITH RECURSIVE up AS (
    SELECT id AS asked, id, merged_into_id, 0 AS steps FROM crm_contact WHERE id = ANY(%s)
    UNION ALL
    SELECT up.asked, c.id, c.merged_into_id, up.steps + 1 FROM up JOIN crm_contact c ON c.id = up.merged_into_id WHERE up.steps < 1000
)
SELECT asked, id FROM up WHERE merged_into_id IS NULL
"""
WITHIN = """
WITH RECURSIVE down AS (
    SELECT id, 0 AS steps FROM crm_contact WHERE merged_into_id = %s
    UNION ALL
    SELECT c.id, down.steps + 1 FROM down JOIN crm_contact c ON c.merged_into_id = down.id WHERE down.steps < 1000
)
SELECT id FROM down
"""


class ContactMerged(Refusal):
    """The contact was merged into another; `survivor` is the id of whoever is left. Change that one."""

    code = "contact_merged"
    advice = "Send the same request for the contact whose id is in `survivor`, and keep that id from now on."


def who_is_left(ids: Iterable[UUID]) -> dict[UUID, UUID]:
    """For each of these ids whoever it means today; itself for a contact that was never merged. One query."""
    wanted = list(ids)
    return dict(statements.rows(LEFT, [wanted])) if wanted else {}


def survivor_of(contact: Contact) -> UUID:
    """Whoever this contact means today: itself, or the one that is left after it was merged."""
    return who_is_left([contact.pk])[contact.pk] if contact.merged_into_id else contact.pk


def within(contact_id: UUID) -> list[UUID]:
    """The contacts that were merged into this one, directly or by way of others."""
    return [row[0] for row in statements.rows(WITHIN, [contact_id])]


def refuse_merged(contact: Contact) -> None:
    """Refuse to change a contact that stands for nobody any more.

    Raises:
        ContactMerged
    """
    if contact.merged_into_id:
        raise ContactMerged("This contact was merged into another: change `survivor` instead.", survivor=str(survivor_of(contact)))
