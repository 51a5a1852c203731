"""Where the demo's operators are now, and how their day went: the same every time, hung on ``now``."""

from datetime import datetime, timedelta

from calls import agents
from calls.demo.house import House
from calls.models import AgentPresence, PauseCode
from config.platform import upkeep

#: code: name, kind, whether it is paid, limit in minutes, whether it is asked for
PAUSES = {
    "tea": ("Tea", "break", "yes", 10, False),
    "lunch": ("Lunch", "meal", "no", 30, False),
    "stretch": ("Stretch", "health", "yes", 5, False),
    "training": ("Training", "training", "yes", 60, True),
    "coaching": ("Talk with the lead", "coaching", "yes", None, True),
    "paperwork": ("Paperwork", "admin", "yes", None, False),
    "no-computer": ("The computer does not work", "technical", "yes", None, False),
}
#: Who did what how many minutes ago: a code is a pause, "+" is agreed to by the lead, "?" waits for it.
DAYS = {
    "anna": [(151, "in")],  # at the desk for too long: a break is due
    "maria": [(240, "in"), (150, "tea"), (141, "back"), (95, "lunch"), (66, "back"), (20, "stretch"), (15, "back")],
    "jonas": [(130, "in"), (70, "tea"), (62, "back"), (9, "paperwork")],
    "dina": [(200, "in"), (110, "lunch"), (82, "back"), (25, "training+")],
    "pavel": [(110, "in"), (45, "tea"), (38, "back"), (3, "coaching?")],
    "lucia": [(190, "in"), (47, "lunch")],  # longer than lunch may last
}


def sit_down(made: House, *, now: datetime) -> int:
    """Make the pause codes, and let everybody go through their day by the verbs they have; answers how many work now."""
    admin, lead = made.staff["admin"], made.staff["sergei"]
    codes = {
        code: upkeep.add(
            PauseCode, code=code, name=name, kind=kind, paid=paid, time_limit_s=limit and limit * 60, requires_approval=asked, order=order,
            by=admin, now=now - timedelta(days=60),
        )
        for order, (code, (name, kind, paid, limit, asked)) in enumerate(PAUSES.items())
    }  # fmt: skip
    for username, day in DAYS.items():
        user = made.staff[username]
        for minutes, what in day:
            moment = now - timedelta(minutes=minutes)
            if what == "in":
                agents.sign_in(device="Demo", by=user, now=moment)
            elif what == "back":
                agents.available(by=user, now=moment)
            else:
                agents.pause(codes[what.rstrip("+?")], at_once=True, by=user, now=moment)
            if what.endswith("+"):
                agents.answer_asked(user, agree=True, by=lead, now=moment + timedelta(minutes=1))
    # nobody sits at these screens, and yet the demo shall not be deserted a minute later: without heartbeats nobody is missed
    AgentPresence.objects.filter(device="Demo").update(last_heartbeat_at=None)
    return len(DAYS)
