"""Who works in the demo's call centre, and how it is set up."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from calls.models import AgentExtension, Disposition, PhoneSystem, Queue
from config.platform import people, upkeep
from config.platform.models import Role, User
from crm import calendars
from crm.models import CustomField, Department, Team, Topic

ZONE = "Europe/Moscow"
OWN_LINES = ["+78000000100", "+63285551000"]
SYSTEM = "demo-pbx"
#: username: role, surname, name, patronymic, time zone
STAFF: dict[str, tuple[Role, str, str, str, str]] = {
    "anna": (Role.AGENT, "Иванова", "Анна", "Петровна", ZONE),
    "sergei": (Role.SUPERVISOR, "Орлов", "Сергей", "Викторович", ZONE),
    "galina": (Role.BACK_OFFICE, "Мельник", "Галина", "Юрьевна", ZONE),
    "admin": (Role.ADMIN, "Weber", "Klara", "", ZONE),
    "pbx": (Role.INTEGRATION, "", "Demo exchange", "", "UTC"),
    "maria": (Role.AGENT, "Santos", "Maria Luz", "", "Asia/Manila"),
    "jonas": (Role.AGENT, "Krüger", "Jonas", "", "Europe/Berlin"),
    "dina": (Role.AGENT, "Ахметова", "Динара", "Маратовна", "Asia/Almaty"),
    "pavel": (Role.AGENT, "Зайцев", "Павел", "Ильич", ZONE),
    "lucia": (Role.AGENT, "Núñez", "Lucía", "", "Europe/Madrid"),
}
ONE_PER_ROLE = {"agent": "anna", "supervisor": "sergei", "back_office": "galina", "admin": "admin", "integration": "pbx"}
EXTENSIONS = {"201": "anna", "202": "maria", "203": "jonas", "204": "dina", "205": "pavel", "206": "lucia"}
#: slug: name, department, teams, seconds of the service level
QUEUES = {
    "support": ("Support", "First line", ("Morning shift", "Evening shift"), 20),
    "delivery": ("Delivery", "Delivery", ("Morning shift", "Manila desk"), 30),
    "orders": ("Orders", "First line", ("Evening shift", "Manila desk"), 15),
}
#: name: parent, head
DEPARTMENTS = {
    "Customer care": (None, "sergei"),
    "First line": ("Customer care", "sergei"),
    "Second line": ("Customer care", None),
    "Delivery": (None, "galina"),
    "Warehouse": ("Delivery", None),
    "Billing": (None, "galina"),
    "Returns and warranty": ("Billing", None),
}
#: name: department, lead, members
TEAMS = {
    "Morning shift": ("First line", "sergei", ["anna", "pavel", "dina"]),
    "Evening shift": ("First line", "sergei", ["jonas", "lucia"]),
    "Manila desk": ("Second line", None, ["maria"]),
}
#: code: name, parent, department, whether calls on it tire
TOPICS = {
    "delivery": ("Delivery", None, "Delivery", False),
    "delivery-late": ("Delivery is late", "delivery", "Delivery", False),
    "delivery-damaged": ("Parcel arrived damaged", "delivery", "Warehouse", False),
    "billing": ("Bills and payments", None, "Billing", False),
    "invoice": ("Invoice copy", "billing", "Billing", False),
    "refund": ("Refund", "billing", "Returns and warranty", False),
    "orders": ("Orders", None, "First line", False),
    "new-order": ("New order", "orders", "First line", False),
    "change-order": ("Change of an order", "orders", "First line", False),
    "complaint": ("Complaint about the service", None, "Customer care", True),
    "other": ("Something else", None, None, False),
}
SPOKE = {"contact_made": True, "right_party": True}
#: code: name, group, what it says and does
DISPOSITIONS: dict[str, tuple[str, str, dict[str, Any]]] = {
    "helped": ("Helped at once", "Settled", SPOKE | {"success": True, "final": True}),
    "order-taken": ("Order taken", "Settled", SPOKE | {"success": True, "final": True, "needs_topic": True}),
    "passed-on": ("Passed on to a department", "To be settled", SPOKE | {"needs_note": True}),
    "call-again": ("Will call again", "To be settled", SPOKE),
    "callback": ("Callback promised", "To be settled", SPOKE | {"callback": True}),
    "not-interested": ("Not interested", "No sale", SPOKE | {"refused": True, "final": True}),
    "do-not-call": (
        "Asked not to be called", "No sale",
        SPOKE | {
            "refused": True, "final": True, "is_hard": True, "suppress_scope": "purpose", "suppress_purpose": "marketing",
            "consent_status": "refused", "consent_purpose": "marketing",
        },
    ),
    "wrong-number": ("Wrong number", "Nobody reached", {"contact_made": True}),
    "not-reached": ("Nobody reached", "Nobody reached", {"direction": "outbound"}),
    "machine": ("Answering machine", "Nobody reached", {"direction": "outbound", "machine": True}),
    "dead-number": ("Number does not exist", "Nobody reached", {"direction": "outbound", "number_invalid": True, "final": True}),
    "line-failed": ("The line failed", "Nobody reached", {"technical": True}),
}  # fmt: skip
CUSTOM_FIELDS: list[dict[str, Any]] = [
    {"key": "contract_number", "label": "Contract number", "type": CustomField.Type.TEXT},
    {"key": "tier", "label": "Tier", "type": CustomField.Type.CHOICE, "choices": ["bronze", "silver", "gold"]},
    {"key": "birthday", "label": "Birthday", "type": CustomField.Type.DATE},
    {"key": "wants_news", "label": "Wants the newsletter", "type": CustomField.Type.BOOL},
    {"key": "interests", "label": "Interests", "type": CustomField.Type.MULTI, "choices": ["garden", "kitchen", "workshop", "books"]},
]


OFFICE: dict[str, Any] = {
    "name": "Head office",
    "time_zone": ZONE,
    "country": "RU",
    "is_default": True,
    "week": [{"weekday": day, "opens": opens, "closes": closes} for day in range(5) for opens, closes in ((540, 780), (840, 1080))],
}


@dataclass
class House:
    """What later steps of the demo refer to."""

    staff: dict[str, User]
    system: PhoneSystem
    topics: dict[str, Topic]
    dispositions: dict[str, Disposition]


def hire(username: str, *, by: User | None, now: datetime) -> User:
    """One of the demo's people, made if they are not there."""
    known = User.objects.filter(username=username).first()
    if known:
        return known
    role, surname, name, patronymic, zone = STAFF[username]
    return people.add(username=username, role=role, surname=surname, name=name, patronymic=patronymic, time_zone=zone, by=by, now=now)


def furnish(*, now: datetime) -> House:
    """Make the people, the departments, the lists to choose from, and the phone system."""
    admin = hire("admin", by=None, now=now)
    staff = {username: hire(username, by=admin, now=now) for username in STAFF}
    departments: dict[str | None, Department | None] = {None: None}
    calendars.add(**OFFICE, by=admin, now=now)
    for name, (above, head) in DEPARTMENTS.items():
        departments[name] = upkeep.add(
            Department, name=name, parent=departments[above], head=staff.get(head or ""), time_zone=ZONE, by=admin, now=now
        )
    for name, (where, lead, members) in TEAMS.items():
        upkeep.add(
            Team,
            name=name,
            department=departments[where],
            lead=staff.get(lead or ""),
            members=[staff[member] for member in members],
            by=admin,
            now=now,
        )
    topics: dict[str, Topic] = {}
    for code, (name, general, solver, is_hard) in TOPICS.items():
        topics[code] = upkeep.add(
            Topic,
            code=code,
            name=name,
            parent=topics.get(general or ""),
            department=departments[solver],
            is_hard=is_hard,
            by=admin,
            now=now,
        )
    dispositions = {
        code: upkeep.add(Disposition, code=code, name=name, group=group, order=order, **what, by=admin, now=now)
        for order, (code, (name, group, what)) in enumerate(DISPOSITIONS.items())
    }
    for order, fields in enumerate(CUSTOM_FIELDS):
        upkeep.add(CustomField, order=order, by=admin, now=now, **fields)
    system = upkeep.add(
        PhoneSystem, slug=SYSTEM, name="Demo exchange", default_region="RU", naive_time_zone=ZONE, own_lines=OWN_LINES, takes_commands="poll",
        by=admin, now=now,
    )  # fmt: skip
    for extension, username in EXTENSIONS.items():
        upkeep.add(AgentExtension, user=staff[username], phone_system=system, extension=extension, by=admin, now=now)
    for slug, (name, department, teams, service_level_s) in QUEUES.items():
        upkeep.add(
            Queue,
            slug=slug,
            name=name,
            department=departments[department],
            teams=Team.objects.filter(name__in=teams),
            service_level_s=service_level_s,
            wrap_up_limit_s=120,
            alarm_waiting=5,
            alarm_wait_s=120,
            by=admin,
            now=now,
        )
    return House(staff, system, topics, dispositions)
