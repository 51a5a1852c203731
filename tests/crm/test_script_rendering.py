"""What is spoken: names without Mr or Ms, money and days in the script's language, and nothing raw whatever is not known."""

from datetime import UTC, date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from config.platform.models import Role
from crm import names, script_choosing, script_placeholders, script_rendering, scripts
from crm.models import CustomField, Script, ScriptVersion
from crm.script_placeholders import About, Money, Namespace, SubjectUnknown
from crm.script_rendering import Spoken, fill, locale_of, render, tell
from crm.script_subjects import greeting
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactEmailFactory, ContactFactory, CustomFieldFactory, TopicFactory
from tests.factories.platform import UserFactory
from tests.factories.scripts import ScriptFactory, ScriptVersionFactory, end, say

NOON = datetime(2026, 11, 23, 12, tzinfo=UTC)
EN, RU = (Spoken(locale_of(tag), ZoneInfo("Europe/Moscow")) for tag in ("en", "ru"))


@pytest.mark.parametrize(
    ("parts", "spoken"),
    [
        (("Фёдорова", "Алёна", "Игоревна"), "Алёна Игоревна"),
        (("Иванов", "Иван", "Иванович"), "Иван Иванович"),
        (("Santos", "Maria Luz", ""), "Maria Luz Santos"),
        (("Cruz", "Juan", "P."), "Juan Cruz"),
        (("", "Anna", ""), "Anna"),
        (("Krüger", "", ""), ""),
        (("", "", ""), ""),
    ],
)
def test_nobody_is_spoken_to_as_mr_or_ms(parts, spoken):
    assert names.address_form(*parts) == spoken


def test_the_short_form_has_initials():
    assert names.short_name("Иванов", "Иван", "Иванович") == "Иванов И. И."


@pytest.mark.parametrize(
    ("text", "said", "absent"),
    [
        ("Hello, {c.n}!", "Hello, Anna!", []),
        ("Hello, {c.gone}!", "Hello!", ["c.gone"]),
        ("{c.gone}, hello!", "hello!", ["c.gone"]),
        ("Hello, {c.gone|friend}!", "Hello, friend!", []),
        ("Hello, {c.gone|}!", "Hello!", ["c.gone"]),
        ("{{c.n}} costs {c.sum}", "{c.n} costs €1,234.50", []),
        ("Until {c.day}.", "Until November 30, 2026.", []),
        ("At {c.moment}", "At Nov 23, 2026, 3:00:00\u202fPM", []),
        ("{c.many} parcels", "1,234,567 parcels", []),
        ("Tags: {c.tags}", "Tags: press, vip, and school", []),
        ("{c.tricky}", "{contact.__class__} <b>x</b>", []),
        ("{c.lines}", "one two", []),
        ("{c.no}", "", ["c.no"]),
        ("Plain.", "Plain.", []),
    ],
)
def test_a_text_is_filled(text, said, absent):
    values = {
        "c.n": "Anna", "c.sum": Money(Decimal("1234.50"), "EUR"), "c.day": date(2026, 11, 30), "c.moment": NOON, "c.many": 1234567,
        "c.tags": ["press", "vip", "school"], "c.tricky": "{contact.__class__} <b>x</b>", "c.lines": "one\n\ttwo", "c.no": False,
    }  # fmt: skip
    assert fill(text, values, EN) == (said, absent)


def test_money_and_days_are_told_in_the_language_of_the_script():
    values = {"o.total": Money("1234.50", "RUB"), "o.day": date(2026, 11, 30)}
    assert fill("{o.total}, {o.day}", values, RU)[0] == "1\xa0234,50\xa0₽, 30 ноября 2026\u202fг."


@pytest.mark.parametrize("tag", ["", "xx", "ru-XX", "zh-Hant-TW", "English", "-", "{", "a" * 12])
def test_any_language_tag_has_a_locale(tag):
    assert locale_of(tag)


@pytest.mark.parametrize(
    ("hour", "wish"), [(4, "Доброй ночи"), (5, "Доброе утро"), (12, "Добрый день"), (18, "Добрый вечер"), (23, "Доброй ночи")]
)
def test_the_hour_has_its_greeting(hour, wish):
    assert greeting("ru", hour) == wish
    assert greeting("eo", hour) is None


# --- from the base
pytestmark = pytest.mark.django_db
TEXT = (
    "{now.greeting}, {contact.address_form|friend}! {agent.name} speaks, {agent.full_name}. {contact.company_name} {contact.email} "
    "{contact.custom.since} {contact.custom.card} {contact.city} {contact.tags} {call.queue} {call.number} {call.topic} {now.date} "
    "{now.time} {now.weekday} {call.started_at} {contact.short_name}"
)


@pytest.fixture
def version():
    CustomFieldFactory(key="since", type=CustomField.Type.DATE)
    CustomFieldFactory(key="card")
    return ScriptVersionFactory(steps=[say("a", "bye", TEXT), end()])


def spoken(version, **about):
    return render(version, About("", about.pop("by", None), NOON, about))


def test_a_script_speaks_to_this_contact_in_this_call(version):
    contact = ContactFactory(
        surname="Фёдорова",
        name="Алёна",
        patronymic="Игоревна",
        time_zone="Asia/Vladivostok",
        custom_fields={"since": "2020-01-31", "card": "7"},
    )
    ContactEmailFactory(contact=contact, email="a@example.com", is_primary=True)
    call = CallFactory(contact=contact, queue="support", from_raw="+74951234567")
    agent = UserFactory(role=Role.AGENT, name="Anna", surname="Li", patronymic="")
    text = spoken(version, call=call.pk, by=agent)["steps"][0]["text"]
    assert text.startswith("Good evening, Алёна Игоревна! Anna speaks, Li Anna.")  # ten in the evening there
    for part in ("a@example.com", "January 31, 2020", " 7 ", "support", "+7 495 123-45-67", "Monday", "Фёдорова А. И."):
        assert part in text


def test_what_is_not_known_is_told_and_left_out(version):
    rendered = spoken(version)
    assert rendered["steps"][0]["text"].startswith("Good afternoon, friend! speaks. November 23, 2026")
    assert {"step": "a", "placeholder": "contact.email"} in rendered["missing"]


@pytest.mark.parametrize(
    ("number", "said"), [(10**27, "1" + ",000" * 9), (1.5, "1.5"), (-1e30, "-1" + ",000" * 10), (Decimal("0.125"), "0.125")]
)
def test_a_number_is_told_in_the_way_of_the_language_however_long(number, said):
    assert tell("contact.custom.card", number, EN) == said


WORDS = st.text(st.characters(exclude_characters="\0{}", exclude_categories=("Cs",)), max_size=20)


@given(
    WORDS,
    WORDS,
    WORDS,
    WORDS,
    st.one_of(st.none(), WORDS, st.integers(), st.booleans(), st.lists(WORDS, max_size=2)),
    st.sampled_from(["person", "company"]),
)
@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_for_any_contact_nothing_raw_is_spoken(version, surname, name, patronymic, company, value, kind):
    contact = ContactFactory(
        kind=kind, surname=surname, name=name, patronymic=patronymic, company_name=company or "Ltd", custom_fields={"card": value, "since": value, "gone": 1}
    )  # fmt: skip
    before = contact.name, contact.surname, contact.patronymic, contact.company_name, str(value)
    text = spoken(version, contact=contact.pk)["steps"][0]["text"]
    assert "{" not in text and "}" not in text
    assert "None" not in text or any("None" in part for part in before)


@pytest.mark.parametrize(
    "trick", ["{contact.__class__}", "{0}", "{contact.name!r:>1000000}", "{agent.name.__init__.__globals__}", "{contact.name[0]}"]
)
def test_no_trick_gets_into_a_published_script(trick):
    draft = ScriptVersionFactory(draft=True, steps=[say("a", "bye", trick), end()])
    with pytest.raises(scripts.ScriptHasProblems):
        scripts.publish(draft.pk, by=None, now=NOON)
    draft.refresh_from_db()
    assert draft.status == ScriptVersion.Status.DRAFT


def test_a_name_with_braces_is_said_as_it_is(version):
    contact = ContactFactory(name="{agent.name}", surname="{0}", patronymic="")
    assert "{agent.name} {0}!" in spoken(version, contact=contact.pk)["steps"][0]["text"]


def test_rules_are_decided_as_far_as_they_can_be():
    client, lead = ContactFactory(lifecycle="client"), ContactFactory(lifecycle="lead")
    version = ScriptVersionFactory()
    for contact, holds in ((client, True), (lead, False)):
        steps = {step["key"]: step for step in spoken(version, contact=contact.pk)["steps"]}
        assert [rule["holds"] for rule in steps["email"]["next"]] == [holds, True]
        assert [rule["holds"] for rule in steps["ready"]["next"]] == [None, None]


def test_another_apps_family_of_placeholders_is_three_lines(monkeypatch):
    order = Namespace(
        names=lambda: {"total": "money", "number": "text"},
        read=lambda about: {"total": Money("10.00", "EUR"), "number": "O-1"} if "order" in about.ids else {},
        parameter="order",
    )
    monkeypatch.setattr(script_placeholders.namespaces, "_entries", {**script_placeholders.namespaces._entries, "order": order})
    version = ScriptVersionFactory(steps=[say("a", "bye", "{order.number}: {order.total|nothing}"), end()])
    assert spoken(version, order=version.pk)["steps"][0]["text"] == "O-1: €10.00"
    assert spoken(version)["steps"][0]["text"] == ": nothing"
    assert "order" in script_placeholders.parameters()


def test_an_unknown_contact_or_call_is_refused(version):
    for name in ("contact", "call"):
        with pytest.raises(SubjectUnknown):
            spoken(version, **{name: version.pk})


@pytest.mark.parametrize("steps", [1, 30])
def test_rendering_costs_the_same_for_any_number_of_steps(django_assert_num_queries, steps):
    body = [say(f"s{n}", f"s{n + 1}", "{contact.name} {agent.name} {call.queue} {now.greeting}") for n in range(steps)]
    made = ScriptVersionFactory(steps=[*body, end(f"s{steps}")])
    version = ScriptVersion.objects.for_api().get(pk=made.pk)
    call = CallFactory(contact=ContactFactory())
    about = About("", UserFactory(), NOON, {"call": call.pk})
    with django_assert_num_queries(9):  # its contact; the call, its topics; contact, e-mails, addresses, fields; zone, twice
        render(version, about)


# --- which script
def offered(**fields):
    topics = fields.pop("topics", [])
    return ScriptVersionFactory(script=ScriptFactory(topics=topics, **fields)).script


def chosen(**call):
    version = script_choosing.best(**{"direction": "inbound", **call})
    return version and version.script


def test_the_script_is_chosen_by_a_fixed_ranking():
    above = TopicFactory()
    topic = TopicFactory(parent=above)
    general_en, general_ru = offered(code="z-en"), offered(code="a-ru", language="ru")
    on_topic, near_topic = offered(topics=[topic]), offered(topics=[above])
    for_queue = offered(code="zz", queues=["support"])
    survey, outbound = offered(purpose=Script.Purpose.SURVEY, code="a"), offered(purpose=Script.Purpose.OUTBOUND, code="b")
    assert chosen() == general_en, "nothing known: the house's own language"
    assert chosen(language="ru") == general_ru
    assert chosen(language="ru-RU") == general_ru
    assert chosen(language="fil") == general_en, "none in it: the house's own"
    assert chosen(topics=[topic.pk]) == on_topic
    assert chosen(topics=[above.pk]) == near_topic
    assert chosen(queue="support") == for_queue
    assert chosen(language="ru", topics=[topic.pk]) == general_ru, "a language that is not spoken helps nobody"
    assert chosen(direction="outbound") == outbound
    assert chosen(direction="internal") is None
    outbound.is_active = False
    outbound.save()
    assert chosen(direction="outbound") == survey


def test_scripts_for_other_topics_and_queues_are_out():
    offered(topics=[TopicFactory()])
    offered(queues=["orders"])
    assert chosen(topics=[TopicFactory().pk], queue="support") is None
    assert chosen() is None


def test_a_translation_is_found_by_the_shared_key():
    en, ru = offered(language="en", translation_key="k"), offered(language="ru", translation_key="k")
    ScriptFactory(language="de", translation_key="k")  # not published
    assert scripts.in_language(en, "ru-RU") == ru
    assert scripts.in_language(en, "de") == en
    assert scripts.in_language(en, "en-PH") == en
    assert scripts.in_language(offered(), "ru").language == "en"


def test_pieces_of_the_ranking_are_pure():
    assert [scripts.language_fit(*pair) for pair in (("ru", "RU"), ("en-PH", "en-GB"), ("en", "ru"))] == [2, 1, 0]
    assert script_rendering.plain(Money("1.50", "EUR")) == "1.50"
