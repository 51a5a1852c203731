"""Recipes of writing calls up, of what it did, and of how calls came out."""

from tests.contract.recipes.asked import Asked, catalogue, recipe
from tests.factories.calls import CallFactory, DispositionFactory
from tests.factories.crm import ContactFactory
from tests.factories.dispositions import CallDispositionFactory, DispositionEffectFactory

catalogue(
    "dispositions",
    DispositionFactory,
    lambda: {
        "code": "refused",
        "name": "Refused, do not call",
        "group": "No sale",
        "direction": "outbound",
        "contact_made": True,
        "right_party": True,
        "refused": True,
        "suppress_scope": "purpose",
        "suppress_purpose": "marketing",
        "suppress_days": 365,
        "consent_status": "refused",
        "consent_purpose": "marketing",
    },
    {"needs_note": True, "min_talk_s": 5},
)


@recipe("calls_dispositions")
def write_ups() -> Asked:
    revision = CallDispositionFactory(call__contact=ContactFactory())
    DispositionEffectFactory(revision=revision, over=True)
    return Asked(revision.call)


@recipe("calls_lock", "calls_unlock")
def settle() -> Asked:
    return Asked(CallDispositionFactory().call)


@recipe("calls_skip_wrap_up")
def nothing_to_say() -> Asked:
    return Asked(CallFactory(), {"reason": "The line broke after two seconds."})


@recipe("reports_dispositions")
def how_calls_came_out() -> Asked:
    CallDispositionFactory(call__disposition=DispositionFactory(contact_made=True, success=True))
    return Asked(query={"since": "2026-11-01", "until": "2026-11-30", "time_zone": "Europe/Moscow"})
