"""Load the demo, through the same doors as everybody: contacts are added, events are posted, calls are written up."""

from collections.abc import Callable
from datetime import datetime, time, timedelta
from itertools import islice
from random import Random
from zoneinfo import ZoneInfo

from django.core.files.base import ContentFile
from django.db import transaction

from calls import intake, wrap_up
from calls.demo import afterwards, articles, desks, house, offers, orders, quality, scripts
from calls.demo.day import Caller, Day, Told
from calls.demo.house import House
from calls.models import Call, CallKey, PhoneSystem
from config.platform.models import User
from config.platform.registry import Registry
from crm import believable, contacts
from crm.importing import jobs
from crm.models import Contact

SEED = 1956
#: What higher apps add to the demo, when everything here is there.
further: Registry[Callable[..., None]] = Registry("what else the demo tells")
PEOPLE = 180
STRANGERS = 40
BATCH = 400
#: The first call that a newcomer tries comes from her.
FIRST = believable.Draft(
    "person", "Фёдорова", "Алёна", "Сергеевна", language="ru", phones=[{"number": "8 (495) 123-45-67", "label": "mobile"}],
    emails=[{"email": "alena.fedorova@example.com"}], addresses=[{"city": "Москва", "street": "ул. Лесная 5", "country": "RU"}],
)  # fmt: skip
VISITORS = """Фамилия;Имя;Отчество;Телефон;E-mail
Абрикосова;Вера;Львовна;8 (495) 002-11-22;vera.abrikosova@example.com
Фёдорова;Алёна;Сергеевна;8 495 123-45-67;
Тихонов;Глеб;Олегович;+7 812 002 44 55;tikhonov@example.org
Плохов;Пётр;;12-;
Тихонов;Глеб;Олегович;8-812-002-44-55;
Сафина;Гузель;Рашидовна;8(843)002-77-88;
"""
TAGS = ("vip", "wholesale", "garden club", "slow payer", "press", "school")
REMARKS = (
    "Prefers to be called after lunch.",
    "Speaks quietly: turn the volume up.",
    "Always asks for a written confirmation.",
    "Moved house in October, check the address.",
    "Has two dogs; couriers should ring first.",
)
LIFECYCLES = (
    Contact.Lifecycle.CLIENT, Contact.Lifecycle.CLIENT, Contact.Lifecycle.CLIENT, Contact.Lifecycle.LEAD, Contact.Lifecycle.QUALIFIED,
    Contact.Lifecycle.DORMANT, Contact.Lifecycle.DISQUALIFIED,
)  # fmt: skip


def is_empty() -> bool:
    """Whether nothing is there that the demo could disturb."""
    return not (User.objects.exists() or Contact.objects.exists() or PhoneSystem.objects.exists())


@transaction.atomic
def load(*, now: datetime, say: Callable[[str], object] = lambda text: None) -> None:
    """Fill the database. The same people, numbers and calls every time; the times hang on ``now``."""
    random = Random(SEED)
    made = house.furnish(now=now - timedelta(days=60))
    say(f"{len(made.staff)} people of the house, phone system {made.system.slug}")
    say(f"{offers.stock(by=made.staff['admin'], now=now - timedelta(days=60))} products and services")
    say(f"{articles.write(made, now=now)} articles")
    callers = _customers(random, made, now)
    say(f"{len(callers)} contacts, {afterwards.double(made, now=now)} of them twice")
    versions = scripts.write(made, now=now - timedelta(days=30))
    _days(random, made, callers, now, say)
    say(f"{quality.judge(made, now=now)} reviews of calls")
    say(f"{desks.sit_down(made, now=now)} operators at work")
    say(f"{orders.take(Random(SEED), now=now)} orders")
    say(f"{afterwards.tell(made, now=now)} consents")
    say(f"{len(versions)} scripts, gone through {scripts.go_through(Random(SEED), versions)} times")
    for _, tell in further:
        tell(made, now=now, say=say)
    jobs.upload(
        ContentFile(VISITORS.encode("cp1251")), filename="autumn-fair-visitors.csv", source="fair", by=made.staff["galina"], now=now
    )
    say("a file of contacts to be imported")


def _customers(random: Random, made: House, now: datetime) -> list[Caller]:
    """Add the contacts; answers their numbers as the exchange shows them."""
    numbers = believable.Numbers(random)
    companies = list(believable.companies(random, numbers))
    persons = [FIRST, *islice(believable.people(random, numbers), PEOPLE)]
    owners = [made.staff[username] for username in ("anna", "pavel", "maria", "jonas", "dina", "lucia")]
    callers: list[Caller] = []
    employers: list[Contact] = []
    for number, draft in enumerate([*companies, *persons]):
        is_lead_only = draft.kind == "person" and draft is not FIRST and random.random() < 0.06
        tags = random.sample(TAGS, random.choice((0, 0, 0, 1, 1, 2)))
        stage = random.choice(LIFECYCLES)
        fields: dict[str, object] = {
            "kind": draft.kind, "surname": draft.surname, "name": draft.name, "patronymic": draft.patronymic,
            "company_name": draft.company_name, "language": draft.language, "time_zone": draft.time_zone, "tags": tags,
            "custom_fields": _custom(random, number),
            "owner": random.choice(owners) if random.random() < 0.5 else None,
            "employer": random.choice(employers) if draft.kind == "person" and random.random() < 0.2 else None,
        }  # fmt: skip
        if is_lead_only:
            fields |= {"surname": "", "name": "", "patronymic": "", "employer": None}
            stage = Contact.Lifecycle.LEAD
        since = now - timedelta(days=random.uniform(2, 50))
        contact = contacts.add(
            phones=draft.phones,
            emails=[] if is_lead_only else draft.emails,
            addresses=[] if is_lead_only else draft.addresses,
            notes=random.choice(REMARKS) if random.random() < 0.25 else "",
            force=True,
            reason="demo data",
            by=made.staff["galina"],
            now=since,
            **fields,
        )
        afterwards.move(contact, stage, made=made, since=since, now=now)
        if draft.kind == "company":
            employers.append(contact)
        callers.append(Caller(str(draft.phones[0]["number"]), draft.surname.upper() if random.random() < 0.2 else ""))
    return callers


def _custom(random: Random, number: int) -> dict[str, object]:
    values: dict[str, object] = {"tier": random.choice(("bronze", "bronze", "silver", "gold"))}
    if random.random() < 0.4:
        values["contract_number"] = f"C-{2020 + number % 6}-{number:04d}"
    if random.random() < 0.3:
        values["birthday"] = f"{random.randint(1950, 2004)}-{random.randint(1, 12):02d}-{random.randint(1, 28):02d}"
    if random.random() < 0.5:
        values["wants_news"] = random.random() < 0.6
    return values


def _days(random: Random, made: House, callers: list[Caller], now: datetime, say: Callable[[str], object]) -> None:
    """Yesterday, and today up to now, posted as events; then the write-ups; then what goes on at this moment."""
    numbers = believable.Numbers(random)
    strangers = [Caller(numbers.of(random.choice(("8 495 001-##-##", "+49 89 99998 ###", "+1 312 555 01##")))) for _ in range(STRANGERS)]
    regulars = callers[:45] * 3 + callers + strangers
    here = now.astimezone(ZoneInfo(house.ZONE))
    told: list[Told] = []
    for days_ago, share in ((1, 0.25), (0, 1.0)):
        midnight = datetime.combine(here.date() - timedelta(days=days_ago), time(), tzinfo=here.tzinfo)
        day = Day(
            random,
            midnight,
            callers=regulars,
            extensions=list(house.EXTENSIONS),
            lines=house.OWN_LINES,
            queues=tuple(house.QUEUES),
            share=share,
        )
        told += day.tell()
    quiet_from = (now - timedelta(minutes=8)).isoformat()
    over = [call for call in told if datetime.fromisoformat(call.events[-1]["occurred_at"]) < now - timedelta(minutes=8)]
    _post(made, [event for call in over for event in call.events])
    say(f"{len(over)} calls of yesterday and today, up to {quiet_from[11:16]} UTC")
    _write_up(made, over)
    say(f"{afterwards.correct(made, now=now)} of them written up anew")
    say(f"{articles.read_out(made, now=now)} answers read to callers")
    for call in day.now_going_on(now):
        for event in call.events:
            intake.receive(made.system, event, now=now)
    twice = {**over[-1].events[0], "from": "+7 495 000-00-00"}
    intake.receive(made.system, twice, now=now)
    say("5 calls going on now")


def _post(made: House, events: list[dict[str, object]]) -> None:
    """Hand the events in as the exchange would: in the order of their times, many at a time."""
    events = sorted(events, key=lambda event: str(datetime.fromisoformat(str(event["occurred_at"])).timestamp()))
    for start in range(0, len(events), BATCH):
        batch = events[start : start + BATCH]
        received = datetime.fromisoformat(str(batch[-1]["occurred_at"])) + timedelta(seconds=1)
        intake.store(made.system, batch, now=received)
    while intake.fold_waiting(now=received, limit=10_000):
        pass


def _write_up(made: House, told: list[Told]) -> None:
    """Let the operators write about their calls."""
    keys = CallKey.objects.filter(phone_system=made.system).select_related("call__agent")
    calls: dict[str, Call] = {link.key: link.call for link in keys}
    for one in told:
        call = calls[one.key]
        if one.write_up and call.agent and call.state == Call.State.ENDED and call.ended_at:
            disposition, topics, note = one.write_up
            wrap_up.wrap_up(
                call.pk,
                disposition=made.dispositions[disposition],
                topics=[made.topics[code] for code in topics],
                note=note,
                by=call.agent,
                now=call.ended_at + timedelta(seconds=30),
            )
