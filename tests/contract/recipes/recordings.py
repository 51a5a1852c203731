"""Recipes of recordings."""

from tests.contract.recipes.asked import Asked, recipe
from tests.factories.recordings import RecordingAccessFactory, RecordingFactory, available


@recipe("recordings_list", "recordings_retrieve", "recordings_audio")
def a_recording() -> Asked:
    return Asked(available())


@recipe("recordings_accesses")
def accesses() -> Asked:
    return Asked(RecordingAccessFactory().recording)


@recipe("recordings_mask")
def mask() -> Asked:
    return Asked(available(), {"intervals": [{"from_s": 0.5, "until_s": 1}], "reason": "The card number."})


@recipe("recordings_hold")
def hold() -> Asked:
    return Asked(RecordingFactory(), {"reason": "It goes to court."})


@recipe("recordings_release")
def release() -> Asked:
    return Asked(RecordingFactory(legal_hold=True, hold_reason="It goes to court."), {"reason": "It is settled."})


@recipe("recordings_fetch")
def fetch() -> Asked:
    return Asked(RecordingFactory(source_url="https://pbx.example/1.wav", has_source=True))


@recipe("recordings_destroy")
def delete() -> Asked:
    return Asked(available(), query={"reason": "The customer asked for it."})
