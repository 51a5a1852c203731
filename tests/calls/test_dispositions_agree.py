"""Whatever was written and corrected, in any order: what stands is what a fresh run of the last write-ups alone gives."""

from datetime import timedelta

import pytest
from django.db import transaction
from django.utils import timezone
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, rule, run_state_machine_as_test

from calls import disposition_report, wrap_up
from calls.models import Call, CallDisposition, Disposition, DispositionEffect
from crm import consent, merging
from crm.models import ContactPhone, PhoneNumber, Suppression
from tests.factories.calls import CallFactory, DispositionFactory, PhoneSystemFactory
from tests.factories.crm import ContactFactory
from tests.factories.platform import UserFactory

pytestmark = pytest.mark.django_db
NUMBERS = ("+7495123450{}", "+7495123451{}")
WAYS = (
    {"contact_made": True, "right_party": True, "suppress_scope": "purpose", "suppress_purpose": "marketing", "refused": True},
    {"contact_made": True, "right_party": True, "suppress_scope": "purpose", "suppress_purpose": "marketing", "suppress_days": 30},
    {"contact_made": True, "suppress_scope": "purpose", "suppress_purpose": "marketing", "suppress_days": 60},
    {"contact_made": True, "right_party": True, "suppress_scope": "all", "number_invalid": True},
    {"number_invalid": True, "technical": True},
    {"contact_made": True, "right_party": True, "consent_status": "refused", "consent_purpose": "survey"},
    {"contact_made": True, "right_party": True, "consent_status": "granted", "consent_purpose": "survey", "success": True},
    {"machine": True},
)


class World:
    """Two people with a number each, three calls with the one and two with the other."""

    def __init__(self, began, digit: int) -> None:
        self.people = [ContactFactory(phones=[number.format(digit)]) for number in NUMBERS]
        self.system, self.began = PhoneSystemFactory(), began
        self.calls: list[Call] = [
            CallFactory(
                phone_system=self.system,
                contact=self.people[who],
                from_raw=NUMBERS[who].format(digit),
                started_at=began + timedelta(minutes=n),
            )
            for n, who in enumerate((0, 0, 0, 1, 1))
        ]

    def stands(self, now) -> dict[str, object]:
        """What the rest of the house would see."""
        numbers = list(ContactPhone.objects.filter(contact__in=self.people).order_by("phone__e164").values_list("phone__e164", flat=True))
        subjects = {person.pk: f"person {n}" for n, person in enumerate(self.people)} | {
            e164: f"number {n}" for n, e164 in enumerate(numbers)
        }
        entries = Suppression.objects.unended(now)
        return {
            "suppressed": sorted(
                (subjects[entry.contact_id or entry.e164], entry.purpose, str(entry.expires_at))
                for entry in entries
                if (entry.contact_id or entry.e164) in subjects
            ),
            "validity": [PhoneNumber.objects.get(e164=e164).validity for e164 in numbers],
            "consent": [
                {"granted": "yes", "refused": "no"}.get(
                    consent.standing(contact_id=person.pk, purpose="survey", channel="call", at=now).state, "nothing"
                )
                for person in self.people
            ],
        }


class Corrections(RuleBasedStateMachine):
    """Write-ups and corrections of five calls, a moment apart each."""

    @initialize()
    def begin(self) -> None:
        self.boss, self.now = UserFactory(role="supervisor"), timezone.now()
        self.ways = [DispositionFactory(**way) for way in WAYS]
        self.world = World(self.now - timedelta(days=1), 1)

    @rule(call=st.integers(0, 4), way=st.integers(0, len(WAYS) - 1), note=st.sampled_from(["", "More."]))
    def write(self, call: int, way: int, note: str) -> None:
        self.now += timedelta(minutes=1)
        wrap_up.wrap_up(self.world.calls[call].pk, disposition=self.ways[way], note=note, by=self.boss, now=self.now)

    @rule(days=st.sampled_from([1, 29, 31]))
    def wait(self, days: int) -> None:
        """Some of what was asked for ends by itself."""
        if self.now - self.world.began < timedelta(days=90):
            self.now += timedelta(days=days)

    @invariant()
    def each_call_carries_what_its_last_write_up_says(self) -> None:
        for call in Call.objects.filter(pk__in=[call.pk for call in self.world.calls]):
            last = CallDisposition.objects.filter(call=call).order_by("-number").first()
            assert (call.disposition_id, call.note) == ((last.disposition_id, last.note) if last else (None, ""))

    @invariant()
    def what_stands_is_what_a_fresh_run_gives(self) -> None:
        with transaction.atomic():
            fresh = World(self.world.began, 2)
            lasts = [CallDisposition.objects.filter(call=call).order_by("-number").first() for call in self.world.calls]
            firsts = [_since(one) for one in lasts]
            for number in sorted((n for n, one in enumerate(lasts) if one), key=lambda n: firsts[n]):
                way = Disposition.objects.get(pk=lasts[number].disposition_id)
                wrap_up.wrap_up(fresh.calls[number].pk, disposition=way, note=lasts[number].note, by=self.boss, now=firsts[number])
            assert self.world.stands(self.now) == fresh.stands(self.now)
            assert self.counted(self.world) == self.counted(fresh)
            transaction.set_rollback(True)

    def counted(self, world: World) -> object:
        others = Call.objects.exclude(pk__in=[call.pk for call in world.calls])
        with transaction.atomic():
            others.update(started_at=world.began - timedelta(days=400))
            lines, total = disposition_report.count(world.began - timedelta(days=1), world.began + timedelta(days=1))
            transaction.set_rollback(True)
        without = ("wrap_s", "corrected")
        return [{name: value for name, value in line.items() if name not in without} for line in [*sorted(lines, key=str), total]]


def _since(last: CallDisposition | None):
    """When what the last write-up does was done first: effects that were carried over are not done again."""
    if last is None:
        return None
    standing = DispositionEffect.objects.filter(revision__call=last.call_id, state="applied").order_by("-applied_at")
    effect = standing.filter(kind="consent").first()
    return effect.applied_at if effect else last.at


@pytest.mark.long
def test_what_stands_after_any_corrections_is_what_a_fresh_run_of_the_last_write_ups_gives():
    def machine() -> Corrections:
        return Corrections()

    class Undone(Corrections):
        """Each example begins with nothing and leaves nothing."""

        def __init__(self) -> None:
            super().__init__()
            self.block = transaction.atomic()
            self.block.__enter__()

        def teardown(self) -> None:
            transaction.set_rollback(True)
            self.block.__exit__(None, None, None)

    run_state_machine_as_test(
        Undone,
        settings=settings(
            max_examples=20, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck), print_blob=False
        ),
    )


@pytest.mark.parametrize("corrected", [0, 1])
def test_when_two_contacts_become_one_and_part_again_each_correction_still_finds_its_own(corrected):
    now, boss = timezone.now(), UserFactory(role="supervisor")
    world, way, other = World(now - timedelta(days=1), 1), DispositionFactory(**WAYS[0]), DispositionFactory(**WAYS[7])
    mine, theirs = world.calls[0], world.calls[3]
    for call in (mine, theirs):
        wrap_up.wrap_up(call.pk, disposition=way, by=boss, now=now)

    def in_force():
        return set(Suppression.objects.filter(lifted_at=None).values_list("contact", flat=True))

    record = merging.merge(world.people[0].pk, world.people[1].pk, reason="One.", by=boss, now=now + timedelta(minutes=1))
    assert in_force() == {world.people[0].pk}
    wrap_up.wrap_up((mine, theirs)[corrected].pk, disposition=other, by=boss, now=now + timedelta(minutes=2))
    assert in_force() == {world.people[0].pk}, "the other call asks for it still"
    wrap_up.wrap_up((theirs, mine)[corrected].pk, disposition=other, by=boss, now=now + timedelta(minutes=3))
    assert in_force() == set()
    merging.undo(record.pk, reason="Two.", by=boss, now=now + timedelta(minutes=4))


@pytest.mark.parametrize("corrected", [0, 1])
def test_after_parting_each_has_its_own_again(corrected):
    now, boss = timezone.now(), UserFactory(role="supervisor")
    world, way, other = World(now - timedelta(days=1), 1), DispositionFactory(**WAYS[0]), DispositionFactory(**WAYS[7])
    calls = world.calls[0], world.calls[3]
    for call in calls:
        wrap_up.wrap_up(call.pk, disposition=way, by=boss, now=now)
    record = merging.merge(world.people[0].pk, world.people[1].pk, reason="One.", by=boss, now=now + timedelta(minutes=1))
    merging.undo(record.pk, reason="Two.", by=boss, now=now + timedelta(minutes=2))
    wrap_up.wrap_up(calls[corrected].pk, disposition=other, by=boss, now=now + timedelta(minutes=3))
    left = set(Suppression.objects.filter(lifted_at=None).values_list("contact", flat=True))
    assert left == {world.people[1 - corrected].pk}
