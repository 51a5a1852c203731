"""Orders over HTTP: taken in one click, placed once, moved on, amended, taken back."""

from datetime import timedelta
from decimal import Decimal
from uuid import uuid4

import pytest
from django.db import connection
from django.utils import timezone

from config.platform import origins
from config.platform.models import AuditEvent
from crm import ordering, orders_told, timeline
from crm.models import Order, Product, Promotion, PromotionUse
from tests.factories.calls import CallFactory
from tests.factories.crm import ContactFactory
from tests.factories.orders import NOON, OrderFactory, product, promotion

pytestmark = pytest.mark.django_db
URL = "/api/v1/orders/"


@pytest.fixture
def agent(client_of):
    return client_of("agent")


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


def body(**more):
    return {"contact": str(ContactFactory().pk), "lines": [{"sku": product("49.90").sku, "quantity": "2"}], **more}


def verb(client, order, name, asked=None, **headers):
    return client.post(f"{URL}{order.pk if isinstance(order, Order) else order['id']}/{name}/", asked or {}, headers=headers)


# --- taking
def test_an_order_is_taken_on_a_call_in_one_request(agent):
    call, ten = CallFactory(), promotion(value="10")
    asked = body(promotions=[ten.code], origin={"kind": "call", "id": str(call.pk)}, phone="8 (495) 123-45-67", place=True)
    answer = agent.post(URL, asked)
    assert answer.status_code == 201, answer.content
    order = answer.json()
    assert order["number"].startswith(f"O-{timezone.now().year}-")
    assert (order["status"], order["placed_by"], order["phone"]) == ("placed", str(agent.user.pk), "+74951234567")
    assert (order["subtotal"], order["discount_total"], order["total"], order["vat_total"]) == ("99.80", "9.98", "89.82", "14.97")
    assert order["origin"] == {"kind": "call", "id": str(call.pk)}
    assert order["promotions"] == [{"code": ten.code, "title": "Off", "is_applied": True, "amount": "9.98", "reasons": []}]
    assert [use.amount for use in ten.uses.all()] == [Decimal("9.98")]
    verbs = AuditEvent.objects.filter(subject_id=order["id"]).order_by("id").values_list("verb", "status_before", "status_after")
    assert list(verbs) == [("create", "", "draft"), ("place", "draft", "placed")]


def test_a_client_cannot_say_what_it_comes_to(agent):
    order = agent.post(URL, body(total="0.01", subtotal="0.01", status="completed")).json()
    assert (order["total"], order["status"]) == ("99.80", "draft")


def test_a_line_keeps_the_name_and_price_of_then(agent):
    order = agent.post(URL, body(place=True)).json()
    Product.objects.update(name="Renamed", price=Decimal(999))
    again = agent.get(f"{URL}{order['id']}/").json()
    assert again["lines"] == order["lines"]
    assert again["total"] == "99.80"


def test_placing_is_all_or_nothing(agent):
    over = promotion(ends_at=timezone.now() - timedelta(days=1))
    told = refused(agent.post(URL, body(promotions=[over.code], place=True)), 409, "promotions_refused")
    assert [(one["code"], one["reasons"][0]["code"]) for one in told["promotions"]] == [(over.code, "over")]
    assert not Order.objects.exists()


def test_a_draft_says_why_a_promotion_takes_nothing_off(agent):
    over = promotion(status="suspended")
    order = agent.post(URL, body(promotions=[over.code])).json()
    assert order["promotions"][0]["reasons"][0]["code"] == "not_active"
    refused(verb(agent, order, "place"), 409, "promotions_refused")
    assert agent.patch(f"{URL}{order['id']}/", {"promotions": []}).json()["promotions"] == []
    assert verb(agent, order, "place").status_code == 200


@pytest.mark.parametrize(
    ("line", "code"),
    [
        ({}, "line_unclear"),
        ({"quantity": "1"}, "line_unclear"),
        ({"name": "Courier"}, "line_unclear"),
        ({"name": "Courier", "sku": "A", "unit_price": "1"}, "line_unclear"),
        ({"sku": "A", "unit_price": "0.01"}, "line_unclear"),
        ({"id": str(uuid4())}, "line_unclear"),
        ({"product": str(uuid4())}, "product_unknown"),
        ({"sku": "no such thing"}, "product_unknown"),
        ({"name": "x", "unit_price": "1"}, "currency_needed"),
    ],
)
def test_a_line_that_cannot_be_read_is_told(agent, line, code):
    refused(agent.post(URL, body(lines=[line])), 400, code)


@pytest.mark.parametrize(
    "line",
    [
        {"quantity": "0"}, {"quantity": "-1"}, {"quantity": "0.0001"}, {"quantity": "1e12"}, {"quantity": "NaN"}, {"unit_price": "-1"},
        {"unit_price": "1.001"}, {"vat_rate": "101"}, {"vat_rate": "-1"}, {"name": "x" * 201}, {"quantity": None}, {"quantity": []},
    ],
)  # fmt: skip
def test_values_that_are_none_are_refused(agent, line):
    given = {"name": "Courier", "unit_price": "1.00", **line}
    refused(agent.post(URL, body(lines=[given], currency="EUR")), 400, "invalid")


@pytest.mark.parametrize(
    ("more", "status", "code"),
    [
        ({"currency": "USD"}, 400, "currencies_mixed"),
        ({"lines": [{"name": "x", "unit_price": "1"}], "currency": "KWD"}, 400, "currency_not_kept"),
        ({"lines": [{"name": "x", "unit_price": "1"}], "currency": "ZZZ"}, 400, "currency_unknown"),
        ({"lines": [{"name": "x", "unit_price": "999999999999.99", "quantity": "2"}], "currency": "EUR"}, 400, "order_too_large"),
        ({"promotions": ["NEVER"]}, 400, "promotion_unknown"),
        ({"origin": {"kind": "call", "id": str(uuid4())}}, 400, "origin_unknown"),
        ({"origin": {"kind": "comet", "id": str(uuid4())}}, 400, "origin_unknown"),
        ({"phone": "12"}, 400, "phone_number_internal"),
        ({"delivery": {"from": "10:00"}}, 409, "order_delivery_hours_have_a_day_and_a_zone"),
        ({"delivery": {"date": "2026-11-25"}}, 409, "order_delivery_hours_have_a_day_and_a_zone"),
        (
            {"delivery": {"date": "2026-11-25", "time_zone": "Asia/Manila", "from": "10:00", "until": "09:00"}},
            409,
            "order_delivery_ends_after_it_begins",
        ),
        ({"delivery": {"time_zone": "Mars/Olympus"}}, 400, "invalid"),
        ({"contact": str(uuid4())}, 400, "invalid"),
    ],
)
def test_what_cannot_be_is_told_by_its_name(agent, more, status, code):
    answer = agent.post(URL, body(**more))
    assert answer.status_code == status, answer.content
    assert answer.json()["code"] == code
    assert not Order.objects.exists()


def test_products_of_two_currencies_do_not_go_together(agent):
    lines = [{"sku": product().sku}, {"sku": product(currency="USD").sku}]
    assert refused(agent.post(URL, body(lines=lines)), 400, "currencies_mixed")["currencies"] == ["EUR", "USD"]


def test_what_is_switched_off_is_not_ordered(agent):
    off = product(is_active=False)
    assert refused(agent.post(URL, body(lines=[{"sku": off.sku}])), 409, "product_not_active")["products"] == [off.sku]
    gone = OrderFactory()
    Product.objects.update(is_active=False)
    refused(verb(agent, gone, "place"), 409, "product_not_active")
    assert agent.patch(f"{URL}{gone.pk}/", {"comment": "It stays on the draft."}).status_code == 200


def test_an_order_comes_from_a_system_once(agent):
    asked = body(source="shop", external_id="77")
    order = agent.post(URL, asked).json()
    refused(agent.post(URL, asked), 409, "order_external_id_is_one_per_source")
    found = agent.get(URL, {"source": "shop", "external_id": "77"}).json()["results"]
    assert [one["id"] for one in found] == [order["id"]]


def test_a_delivery_day_is_in_the_contacts_zone_unless_said(agent):
    contact = ContactFactory(time_zone="Asia/Manila")
    order = agent.post(URL, body(contact=str(contact.pk), delivery={"date": "2026-11-25", "from": "10:00"})).json()
    assert order["delivery"] == {
        "address": "",
        "date": "2026-11-25",
        "from": "10:00",
        "until": None,
        "time_zone": "Asia/Manila",
        "comment": "",
    }


# --- quoting
def test_a_quote_comes_to_what_the_order_will(agent):
    asked = body(promotions=[promotion().code, promotion("gift", "0", gift=product("5.00"), is_stackable=True).code])
    before = AuditEvent.objects.count()
    quote = agent.post(f"{URL}quote/", asked).json()
    assert (Order.objects.count(), AuditEvent.objects.count()) == (0, before)
    order = agent.post(URL, {**asked, "place": True}).json()
    assert {name: order[name] for name in quote if name != "lines"} == {name: quote[name] for name in quote if name != "lines"}
    for quoted, ordered in zip(quote["lines"], order["lines"], strict=True):
        assert quoted | {"id": ordered["id"]} == ordered


def test_promotions_apply_to_what_they_name(agent):
    mine, other = product("100.00"), product("50.00")
    code = promotion(value="50", products=[mine]).code
    lines = [{"sku": mine.sku}, {"sku": other.sku}, {"name": "Courier", "unit_price": "10.00", "is_delivery": True}]
    quote = agent.post(f"{URL}quote/", body(lines=lines, promotions=[code])).json()
    assert [line["discount"] for line in quote["lines"]] == ["50.00", "0.00", "0.00"]


def test_a_gift_in_another_currency_is_not_given(agent):
    code = promotion("gift", "0", gift=product("5.00", currency="USD")).code
    quote = agent.post(f"{URL}quote/", body(promotions=[code])).json()
    assert quote["promotions"][0]["reasons"][0]["code"] == "other_currency"


# --- drafts
def test_the_lines_of_a_draft_are_replaced_and_those_with_an_id_stay(agent):
    order = agent.post(URL, body()).json()
    (line,) = order["lines"]
    Product.objects.update(price=Decimal("60.00"))
    lines = [{"sku": product("5.00").sku}, {"id": line["id"], "quantity": "3"}]
    changed = agent.patch(f"{URL}{order['id']}/", {"lines": lines}).json()
    assert [(one["unit_price"], one["quantity"], one["total"]) for one in changed["lines"]] == [
        ("5.00", "1.000", "5.00"),
        ("49.90", "3.000", "149.70"),
    ]
    assert (changed["lines"][1]["id"], changed["total"]) == (line["id"], "154.70")
    emptied = agent.patch(f"{URL}{order['id']}/", {"lines": []}).json()
    assert (emptied["lines"], emptied["total"], emptied["currency"]) == ([], "0.00", "EUR")
    refused(verb(agent, order, "place"), 409, "order_empty")


def test_a_line_of_another_order_is_not_taken(agent):
    other = OrderFactory().lines.get()
    refused(agent.patch(f"{URL}{OrderFactory().pk}/", {"lines": [{"id": str(other.pk)}]}), 400, "line_unclear")
    order = OrderFactory()
    twice = [{"id": str(order.lines.get().pk)}] * 2
    refused(agent.patch(f"{URL}{order.pk}/", {"lines": twice}), 400, "line_unclear")


def test_placing_tells_that_prices_changed_and_places_when_they_are_accepted(agent):
    order = agent.post(URL, body()).json()
    Product.objects.update(price=Decimal("60.00"))
    told = refused(verb(agent, order, "place"), 409, "prices_changed")
    assert (told["total_before"], told["total_after"]) == ("99.80", "120.00")
    assert [(one["unit_price_before"], one["unit_price_after"]) for one in told["lines"]] == [("49.90", "60.00")]
    assert agent.get(f"{URL}{order['id']}/").json()["total"] == "99.80"
    placed = verb(agent, order, "place", {"accept_prices": True}).json()
    assert (placed["status"], placed["total"], placed["lines"][0]["unit_price"]) == ("placed", "120.00", "60.00")


def test_placing_tells_that_a_promotion_takes_off_less_than_the_draft_says(agent):
    ten = promotion(value="10")
    order = agent.post(URL, body(promotions=[ten.code])).json()
    Promotion.objects.update(value=Decimal(5))
    told = refused(verb(agent, order, "place"), 409, "prices_changed")
    assert (told["lines"], told["total_before"], told["total_after"]) == ([], "89.82", "94.81")


def test_placing_twice_is_refused_and_places_once(agent):
    order = agent.post(URL, body(promotions=[promotion().code])).json()
    assert verb(agent, order, "place").status_code == 200
    assert refused(verb(agent, order, "place"), 409, "invalid_transition")["allowed"] == ["amend", "cancel", "confirm"]
    assert PromotionUse.objects.count() == 1


def test_an_order_that_is_sent_again_with_its_key_is_one_order(agent):
    asked = body(place=True)
    answers = [agent.post(URL, asked, headers={"Idempotency-Key": "one-click"}) for _ in range(2)]
    assert answers[0].json() == answers[1].json()
    assert Order.objects.count() == 1


def test_who_registered_is_told_of_a_placed_order_and_can_stop_it(agent, monkeypatch):
    told = []
    monkeypatch.setitem(ordering.placed._entries, "test", lambda order: told.append((order.pk, order.status, order.contact_id)))
    order = agent.post(URL, body()).json()
    assert told == []
    verb(agent, order, "place")
    assert [(str(pk), status) for pk, status, _ in told] == [(order["id"], "placed")]

    def stop(order):
        raise RuntimeError

    monkeypatch.setitem(ordering.placed._entries, "test", stop)
    draft = OrderFactory()
    with pytest.raises(RuntimeError):
        ordering.place(draft.pk, by=agent.user, now=NOON)
    draft.refresh_from_db()
    assert draft.status == "draft"


# --- moves
MAY = {
    "draft": {"alter", "place", "cancel"},
    "placed": {"confirm", "amend", "cancel"},
    "confirmed": {"start", "amend", "cancel"},
    "in_progress": {"complete", "amend"},
    "completed": {"return"},
    "partly_returned": {"return"},
    "returned": set(),
    "cancelled": set(),
}
ASKED = {"cancel": {"reason": "Why not."}, "amend": {"reason": "Why not.", "comment": "x"}, "return": {"reason": "Broken."}}


@pytest.mark.parametrize("status", MAY)
def test_every_status_allows_its_moves_and_refuses_the_others(agent, status):
    assert set(agent.get(f"{URL}{OrderFactory(status=status).pk}/").json()["open_moves"]) == MAY[status]
    for name in sorted(set().union(*MAY.values())):
        order = OrderFactory(status=status)
        before = agent.get(f"{URL}{order.pk}/").json()
        answer = agent.patch(f"{URL}{order.pk}/", {"comment": "x"}) if name == "alter" else verb(agent, order, name, ASKED.get(name))
        if name in MAY[status]:
            assert answer.status_code == 200, answer.content
        else:
            assert set(refused(answer, 409, "invalid_transition")["allowed"]) == MAY[status]
            assert agent.get(f"{URL}{order.pk}/").json() == before


@pytest.mark.parametrize("name", ["cancel", "amend", "return"])
@pytest.mark.parametrize("reason", ["", "   ", None])
def test_some_moves_need_a_reason(agent, name, reason):
    order = OrderFactory(status={"cancel": "placed", "amend": "placed", "return": "completed"}[name])
    refused(verb(agent, order, name, {"reason": reason, "comment": "x"} if name == "amend" else {"reason": reason}), 400, "invalid")


def test_a_cancelled_order_gives_its_promotions_back(agent):
    once = promotion(limit_in_all=1)
    order = agent.post(URL, body(promotions=[once.code], place=True)).json()
    told = refused(agent.post(URL, body(promotions=[once.code], place=True)), 409, "promotions_refused")
    assert told["promotions"][0]["reasons"][0]["code"] == "used_up"
    cancelled = verb(agent, order, "cancel", {"reason": "Too dear."}).json()
    assert (cancelled["status"], cancelled["cancel_reason"]) == ("cancelled", "Too dear.")
    assert agent.post(URL, body(promotions=[once.code], place=True)).status_code == 201
    reasons = AuditEvent.objects.filter(subject_id=order["id"], verb="cancel").values_list("reason", flat=True)
    assert list(reasons) == ["Too dear."]


# --- amendments
def test_an_amendment_keeps_prices_and_says_what_it_came_to(agent):
    order = agent.post(URL, body(place=True)).json()
    Product.objects.update(price=Decimal("60.00"))
    more = product("1.00")
    asked = {"reason": "One more.", "lines": [{"id": order["lines"][0]["id"], "quantity": "3"}, {"sku": more.sku}]}
    amended = verb(agent, order, "amend", {**asked, "delivery": {"comment": "Ring first."}}).json()
    assert (amended["status"], amended["total"]) == ("placed", "150.70")
    (told,) = amended["amendments"]
    assert (told["reason"], told["total_before"], told["total_after"], told["by"]) == ("One more.", "99.80", "150.70", str(agent.user.pk))
    assert told["changes"]["fields"] == ["delivery_comment"]
    before, after = told["changes"]["lines"]
    assert ([one["quantity"] for one in before], [one["quantity"] for one in after]) == (["2"], ["3", "1"])


def test_an_amendment_that_changes_nothing_or_leaves_nothing_is_refused(agent):
    order = agent.post(URL, body(place=True)).json()
    refused(verb(agent, order, "amend", {"reason": "Hm."}), 400, "nothing_amended")
    refused(
        verb(agent, order, "amend", {"reason": "Hm.", "lines": [{"id": order["lines"][0]["id"], "quantity": "2"}]}), 400, "nothing_amended"
    )
    refused(verb(agent, order, "amend", {"reason": "Hm.", "lines": []}), 409, "order_empty")


def test_a_currency_without_cents_is_not_changed_by_looking_at_it_again(agent):
    lines = [{"sku": product("333", currency="JPY", vat_rate=Decimal(8)).sku, "quantity": "1.5"}]
    order = agent.post(URL, body(lines=lines, promotions=[promotion().code], place=True)).json()
    assert (order["subtotal"], order["discount_total"], order["vat_total"], order["total"]) == ("500.00", "50.00", "33.00", "450.00")
    refused(verb(agent, order, "amend", {"reason": "Hm."}), 400, "nothing_amended")
    dollars = {"reason": "Hm.", "lines": [{"sku": product(currency="USD").sku}]}
    refused(verb(agent, order, "amend", dollars), 400, "currencies_mixed")


def test_a_promotion_that_the_order_has_stays_its_right(agent):
    once = promotion(value="10", limit_in_all=1)
    order = agent.post(URL, body(promotions=[once.code], place=True)).json()
    Promotion.objects.update(status="suspended")
    line = order["lines"][0]["id"]
    amended = verb(agent, order, "amend", {"reason": "More.", "lines": [{"id": line, "quantity": "10"}]}).json()
    assert (amended["discount_total"], amended["total"]) == ("49.90", "449.10")
    assert [use.amount for use in once.uses.all()] == [Decimal("49.90")]
    without = verb(agent, order, "amend", {"reason": "No.", "promotions": []}).json()
    assert without["total"] == "499.00"
    assert not once.uses.filter(given_back_at=None).exists()
    refused(verb(agent, order, "amend", {"reason": "Yes.", "promotions": [once.code]}), 409, "promotions_refused")
    Promotion.objects.update(status="active")
    again = verb(agent, order, "amend", {"reason": "Yes.", "promotions": [once.code]}).json()
    assert again["total"] == "449.10"
    assert once.uses.filter(given_back_at=None).count() == once.uses.count() == 1


# --- returns
def test_a_return_in_parts_gives_back_the_whole(agent):
    order = OrderFactory(status="completed", lines=[{"sku": product("33.34", vat_rate=Decimal(7)).sku, "quantity": Decimal(3)}], promotions=[promotion("amount", "0.01").code])  # fmt: skip
    line = str(order.lines.get().pk)
    refunds, vats = [], []
    for number in range(3):
        answer = verb(agent, order, "return", {"reason": "Broken.", "lines": [{"id": line, "quantity": "1"}]}).json()
        assert answer["status"] == ("returned" if number == 2 else "partly_returned")
        refunds.append(answer["returns"][-1]["refund"])
        vats.append(Decimal(answer["returns"][-1]["vat"]))
    assert refunds == ["33.34", "33.33", "33.34"]
    assert (answer["refunded_total"], answer["total"]) == ("100.01", "100.01")
    assert sum(vats) == order.vat_total
    refused(verb(agent, order, "return", {"reason": "Again."}), 409, "invalid_transition")


def test_no_more_comes_back_than_was_ordered(agent):
    order = OrderFactory(status="completed")
    line = str(order.lines.get().pk)
    told = refused(verb(agent, order, "return", {"reason": "x", "lines": [{"id": line, "quantity": "2.001"}]}), 409, "return_too_large")
    assert told["left"] == "2"
    twice = [{"id": line, "quantity": "1"}] * 2
    refused(verb(agent, order, "return", {"reason": "x", "lines": twice}), 400, "return_line_unknown")
    refused(verb(agent, order, "return", {"reason": "x", "lines": [{"id": str(uuid4()), "quantity": "1"}]}), 400, "return_line_unknown")
    refused(verb(agent, order, "return", {"reason": "x", "lines": []}), 400, "invalid")


# --- reading
def test_the_list_is_filtered_by_what_it_offers(agent):
    ten, kettle, call, user = promotion(), product(), CallFactory(), agent.user
    mine = OrderFactory(
        status="confirmed", lines=[{"sku": kettle.sku}], promotions=[ten.code], origin={"kind": "call", "id": call.pk}, by=user,
        source="shop", external_id="1", now=timezone.now(),
    )  # fmt: skip
    other = OrderFactory()
    for given in (
        {"contact": mine.contact_id}, {"status": "confirmed"}, {"status": "confirmed,placed"}, {"number": mine.number}, {"placed_by": user.pk},
        {"product": kettle.pk}, {"promotion": ten.code}, {"origin": call.pk}, {"external_id": "1"}, {"source": "shop"},
        {"placed_after": mine.placed_at.isoformat()}, {"placed_before": "2030-01-01T00:00:00Z"}, {"search": mine.number.lower()},
        {"created_before": other.created_at.isoformat()},
    ):  # fmt: skip
        assert [one["id"] for one in agent.get(URL, given).json()["results"]] == [str(mine.pk)], given
    assert agent.get(URL, {"promotion": "NEVER"}).json()["results"] == []
    assert len(agent.get(URL, {"created_after": mine.created_at.isoformat()}).json()["results"]) == 2
    refused(agent.get(URL, {"totals": "1"}), 400, "unknown_parameter")
    for said in ({"status": "bogus"}, {"status": "placed,bogus"}, {"contact": "me"}, {"placed_after": "soon"}):
        refused(agent.get(URL, said), 400, "invalid")


@pytest.mark.parametrize("said", ["{year}-{count}", "O {year} {count}", "o-{year}-{count:06d}", "{count}", "{count:06d}", " {count} "])
def test_a_number_is_found_as_people_say_it(agent, said):
    order = OrderFactory(now=timezone.now())
    _, year, count = order.number.split("-")
    text = said.format(year=int(year), count=int(count))
    assert [one["id"] for one in agent.get(URL, {"search": text}).json()["results"]] == [str(order.pk)]


@pytest.mark.parametrize("said", ["C-2026-1", "x", "1' OR 1=1", "9" * 40, "٣"])
def test_what_is_no_number_finds_nothing(agent, said):
    OrderFactory(now=timezone.now())
    assert agent.get(URL, {"search": said}).json()["results"] == []


# --- what others are told
def test_the_screen_pop_tells_the_orders_that_are_open(agent):
    contact = ContactFactory(phones=["+74951234567"])
    OrderFactory(contact=contact, status="completed")
    OrderFactory(contact=contact, status="cancelled")
    OrderFactory()
    order = OrderFactory(contact=contact, status="confirmed")
    open_now = agent.get("/api/v1/lookup/", {"phone": "+7 495 123-45-67"}).json()["open"]["orders"]
    assert [(one["id"], one["number"], one["status"], one["total"]) for one in open_now] == [
        (str(order.pk), order.number, "confirmed", "200.00")
    ]


def test_orders_stand_in_the_timeline_and_may_be_where_something_came_from(agent):
    order = OrderFactory(status="placed")
    rows = agent.get(f"/api/v1/contacts/{order.contact_id}/timeline/").json()["results"]
    assert [(row["id"], row["data"]["number"], row["data"]["total"]) for row in rows if row["kind"] == "order"] == [
        (str(order.pk), order.number, "200.00")
    ]
    assert timeline.sources["orders"](order.contact_id, (order.created_at, str(order.pk)), 5) == []
    assert origins.columns({"kind": "order", "id": order.pk}) == {"origin_kind": "order", "origin_id": order.pk}
    with pytest.raises(origins.OriginUnknown):
        origins.columns({"kind": "order", "id": uuid4()})


def test_what_orders_know_of_a_person_can_be_told_and_forgotten():
    secret = {"address": "ул. Лесная 5", "comment": "Two dogs."}
    order = OrderFactory(status="completed", phone="+74951234567", delivery=secret, comment="Her birthday.")
    other = OrderFactory(comment="Another's.")
    (told,) = orders_told.personal_data(order.contact_id)
    assert (told["number"], told["delivery_address"], told["comment"], told["total"]) == (
        order.number,
        "ул. Лесная 5",
        "Her birthday.",
        "200.00",
    )
    assert orders_told.pseudonymise(order.contact_id) == 1
    order.refresh_from_db()
    other.refresh_from_db()
    assert (order.phone, order.delivery_address, order.delivery_comment, order.comment, order.total) == ("", "", "", "", Decimal(200))
    assert other.comment == "Another's."
    assert orders_told.pseudonymise(order.contact_id) == 0
    event = AuditEvent.objects.get(subject_id=order.pk, verb="pseudonymise")
    assert "Лесная" not in str(event.changes) + str(event.facts)


# --- the database itself
@pytest.mark.parametrize(
    "change",
    [
        {"total": Decimal(1), "subtotal": Decimal(1)},
        {"discount_total": Decimal(10), "total": Decimal(190)},
        {"vat_total": Decimal(1)},
        {"subtotal": Decimal(300), "total": Decimal(300)},
    ],
)
def test_the_database_refuses_totals_that_are_not_the_sums(change):
    from django.db import IntegrityError, transaction

    order = OrderFactory()
    with pytest.raises(IntegrityError, match="not the sums of its lines"), transaction.atomic():
        Order.objects.filter(pk=order.pk).update(**change)
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
    with pytest.raises(IntegrityError, match="not the sums of its lines"), transaction.atomic():
        order.lines.all().delete()
        connection.cursor().execute("SET CONSTRAINTS ALL IMMEDIATE")
