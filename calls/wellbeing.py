"""When a break is due: a pure function of a shift. The same spans and rules give the same instants, to the second.

Two rules, whichever comes first: so much time at the desk without a rest, so much talk within a window. A rest is a time away from the
desk that is long enough; shorter ones are not counted as work, but do not begin anew. Nothing here forces anybody.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from itertools import pairwise

from calls.legs import Known, common, union

#: What the screen says besides the reason.
STRETCH = (
    "Stand up, roll your shoulders back ten times, look at something far away for half a minute.",
    "Walk a few steps, stretch your arms above your head, turn your head slowly to both sides.",
    "Stand up, put your hands on your back and lean back gently three times; drink a glass of water.",
)


@dataclass(frozen=True, slots=True)
class Rules:
    """After how much a break is due, in seconds; 0 switches a rule off."""

    desk_s: int
    talk_s: int
    window_s: int
    rest_s: int


@dataclass(frozen=True, slots=True)
class Due:
    """A break that was due from ``at`` on, for ``reason`` (desk, talk), until somebody rested (None: not yet)."""

    at: datetime
    reason: str
    rested_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Shift:
    """How it stands at one instant: what counts since the last rest, what is due, and before when nothing can fall due."""

    since: datetime | None
    desk_s: float
    talk_s: float
    due: Due | None
    is_resting: bool
    not_before: datetime | None


def dues(desk: Iterable[Known], talk: Iterable[Known], rules: Rules, *, until: datetime) -> list[Due]:
    """Every break that fell due in this time, in order. Talking counts as being at the desk."""
    talked = _before(talk, until)
    found = []
    stretches = _stretches(_before([*desk, *talked], until), rules.rest_s)
    for stretch in stretches:
        due = _first_due(stretch, common(talked, stretch), rules)
        if due is not None:
            end = stretch[-1][1] + timedelta(seconds=rules.rest_s)
            found.append(Due(*due, rested_at=end if end <= until else None))
    return found


def standing(desk: Iterable[Known], talk: Iterable[Known], rules: Rules, *, now: datetime) -> Shift:
    """How it stands now."""
    talked = _before(talk, now)
    worked = _before([*desk, *talked], now)
    stretches = _stretches(worked, rules.rest_s)
    if not stretches or now - stretches[-1][-1][1] >= timedelta(seconds=rules.rest_s):
        return Shift(None, 0.0, 0.0, None, True, None)
    stretch = stretches[-1]
    spoken = common(talked, stretch)
    due = _first_due(stretch, spoken, rules)
    lately = _within(spoken, now - timedelta(seconds=rules.window_s), now)
    desk_s = sum((end - begin).total_seconds() for begin, end in stretch)
    talk_s = sum((end - begin).total_seconds() for begin, end in lately)
    left = [limit - done for limit, done in ((rules.desk_s, desk_s), (rules.talk_s, talk_s)) if limit]
    return Shift(
        since=stretch[0][0],
        desk_s=desk_s,
        talk_s=talk_s,
        due=Due(*due) if due else None,
        is_resting=stretch[-1][1] < now,
        not_before=now + timedelta(seconds=max(0.0, min(left))) if left else None,
    )


def why(reason: str, rules: Rules) -> str:
    """The reason in words."""
    if reason == "talk":
        return f"You have talked for {_words(rules.talk_s)} within {_words(rules.window_s)}: your voice and your head need a break."
    return f"You have been at the desk for {_words(rules.desk_s)} without a break of {_words(rules.rest_s)}: your back needs one."


def prompt(at: datetime) -> str:
    """What to do in the break; another one from time to time, the same for the same break."""
    return STRETCH[int(at.timestamp()) // 60 % len(STRETCH)]


def _words(seconds: int) -> str:
    hours, rest = divmod(round(seconds / 60), 60)
    return " ".join(part for part in (f"{hours} h" if hours else "", f"{rest} min" if rest or not hours else "") if part)


def _before(spans: Iterable[Known], until: datetime) -> list[Known]:
    return union((begin, min(end, until)) for begin, end in spans if begin < min(end, until))


def _within(spans: Sequence[Known], since: datetime, until: datetime) -> list[Known]:
    return common(list(spans), [(since, until)])


def _stretches(worked: Sequence[Known], rest_s: int) -> list[list[Known]]:
    """The work between rests."""
    found: list[list[Known]] = []
    for begin, end in worked:
        if found and begin - found[-1][-1][1] < timedelta(seconds=rest_s):
            found[-1].append((begin, end))
        else:
            found.append([(begin, end)])
    return found


def _first_due(stretch: Sequence[Known], talked: Sequence[Known], rules: Rules) -> tuple[datetime, str] | None:
    both = [(_desk_due(stretch, rules.desk_s), "desk"), (_talk_due(talked, rules.talk_s, rules.window_s), "talk")]
    return min(((at, reason) for at, reason in both if at is not None), default=None)


def _desk_due(stretch: Sequence[Known], limit_s: int) -> datetime | None:
    """When the time at the desk added up to the limit."""
    left = timedelta(seconds=limit_s)
    for begin, end in stretch:
        if limit_s and end - begin >= left:
            return begin + left
        left -= end - begin
    return None


def _talk_due(talked: Sequence[Known], limit_s: int, window_s: int) -> datetime | None:
    """When the talk of the window before first added up to the limit.

    Between two moments at which talk begins or ends, or a beginning or an end leaves the window, the sum grows by as much as time, not at
    all, or falls: so the first such stretch at whose end it is enough, and growing, holds the instant.
    """
    if not limit_s:
        return None
    window, limit = timedelta(seconds=window_s), timedelta(seconds=limit_s)
    edges = sorted({at for span in talked for edge in span for at in (edge, edge + window)})
    for before, after in pairwise(edges):
        reached = _sum(talked, after - window, after)
        had = _sum(talked, before - window, before)
        if had < limit <= reached:
            return before + (limit - had)
    return None


def _sum(spans: Sequence[Known], since: datetime, until: datetime) -> timedelta:
    return sum((min(end, until) - max(begin, since) for begin, end in spans if begin < until and end > since), timedelta())
