"""What every tree of rows must be."""

from typing import Any

from django.core.exceptions import ValidationError


def refuse_circle(row: Any) -> None:
    """Refuse a ``parent`` that stands, in the end, below the row itself.

    Raises:
        ValidationError: at ``parent``.
    """
    seen, above = {row.pk}, row.parent
    while above is not None and above.pk != row.pk:
        if above.pk in seen:
            return  # a circle further up, which is not this row's doing
        seen.add(above.pk)
        above = above.parent
    if above is not None and row.parent_id != row.pk:  # its own parent: the table's constraint says so
        raise ValidationError({"parent": ValidationError("It stands below this one: that would be a circle.", code="circle")})
