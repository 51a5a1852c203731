"""Two calls that proved to be one count once for a return call."""

from datetime import datetime

from calls import return_call_settling as settling
from calls.models import Call, ReturnCall, ReturnCallCall


def move(call: Call, other: Call, *, now: datetime) -> None:
    """Let what hangs on ``other`` hang on ``call``; where both were counted, one is. The caller computes and saves the call afterwards.

    Joined calls need not differ from what they were, so the return calls that lost one are added up here and not by what follows.
    """
    for name in ("first_call", "last_call", "closed_by_call"):
        ReturnCall.objects.filter(**{name: other}).update(**{name: call})
    theirs = ReturnCallCall.objects.filter(call=other).select_related("return_call").first()
    if theirs is None:
        return
    if not ReturnCallCall.objects.filter(call=call).exists():
        theirs.call = call
        theirs.save()
        return
    row = theirs.return_call
    theirs.delete()
    if row.e164.startswith("+"):
        settling.settle([row.e164], row=row.pk, now=now)
