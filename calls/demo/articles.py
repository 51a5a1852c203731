"""What the demo's operators read to callers: a dozen articles in Russian and English, some in Filipino, and what nobody could answer."""

from datetime import datetime, timedelta
from random import Random

from calls import answers, unanswered
from calls.demo.house import House
from calls.models import Call
from crm import knowledge
from crm.models import Article

SEED = 1957
#: slug: topic, then for each language: title, short answer, body, keywords
ARTICLES: dict[str, tuple[str, dict[str, tuple[str, str, str, list[str]]]]] = {
    "late-delivery": ("delivery-late", {
        "ru": ("Курьер опаздывает", "Ваша посылка в пути, курьер будет у вас сегодня до девяти вечера.",
               "Сначала откройте **маршрут** курьера.\n\n- опоздание до двух часов: извиниться и назвать новое время\n- больше двух часов: вернуть стоимость доставки",
               ["опоздал", "жду", "не приехал"]),
        "en": ("The courier is late", "Your parcel is on its way and will be with you by nine this evening.",
               "Open the **route** of the courier first.\n\n- up to two hours late: say sorry and name the new time\n- more than two hours: give the delivery fee back",
               ["waiting", "not here"]),
        "fil": ("Huli ang delivery", "Papunta na po ang inyong parsela at darating bago mag-alas nuwebe ngayong gabi.",
                "Tingnan muna ang **ruta** ng rider.\n\n- hanggang dalawang oras: humingi ng paumanhin at sabihin ang bagong oras\n- higit pa: ibalik ang bayad sa delivery",
                ["matagal", "wala pa"]),
    }),
    "damaged-parcel": ("delivery-damaged", {
        "ru": ("Посылка пришла повреждённой", "Мы заменим товар бесплатно: пришлите, пожалуйста, фотографию коробки и вещи.",
               "Фотографию принимаем по почте. Замену отправляет склад в течение суток.", ["разбито", "вмятина", "брак"]),
        "en": ("The parcel arrived damaged", "We will replace it free of charge: please send us a photograph of the box and of the item.",
               "Photographs come by e-mail. The warehouse sends the replacement within a day.", ["broken", "dented"]),
    }),
    "refund-how-long": ("refund", {
        "ru": ("Когда вернутся деньги за возврат", "Деньги вернутся на ту же карту в течение десяти дней после возврата товара.",
               "Срок считается с того дня, когда склад принял товар. *Банк* может добавить до трёх дней.", ["чек", "вернуть"]),
        "en": ("How long a refund takes", "The money is back on the same card within ten days after we have the goods.",
               "The days count from when the warehouse took the goods in. The *bank* may add up to three days.", ["chargeback", "money back"]),
        "fil": ("Gaano katagal ang refund", "Babalik po ang pera sa parehong card sa loob ng sampung araw matapos naming matanggap ang produkto.",
                "Ang bilang ay mula sa araw na natanggap ng bodega ang produkto.", ["sukli", "ibalik ang bayad"]),
    }),
    "invoice-copy": ("invoice", {
        "ru": ("Копия счёта", "Копию счёта я отправлю вам на электронную почту прямо сейчас.", "Счета лежат в карточке клиента. Сверьте адрес почты по буквам.", ["квитанция"]),
        "en": ("A copy of an invoice", "I am sending the copy of the invoice to your e-mail right now.", "Invoices are kept with the contact. Spell the address back.", ["receipt"]),
    }),
    "change-address": ("change-order", {
        "ru": ("Изменить адрес заказа", "Адрес можно изменить, пока заказ не передан курьеру; я сделаю это сейчас.", "После передачи курьеру адрес меняет только служба доставки.", ["переезд"]),
        "fil": ("Palitan ang address ng order", "Mapapalitan po ang address hangga't hindi pa naipapasa sa rider; gagawin ko na ngayon.", "Kapag nasa rider na, tawagan ang delivery.", ["lipat"]),
    }),
    "minimum-order": ("new-order", {
        "en": ("The smallest order", "There is no smallest order; delivery is free from fifty euros on.", "Below fifty euros the delivery costs four.", ["minimum"]),
    }),
}  # fmt: skip
UNANSWERED = (
    ("Можно ли оплатить подарочной картой?", "ru", "billing", 5), ("Do you deliver to islands?", "en", "delivery", 3),
    ("Работает ли склад в выходные?", "ru", "delivery", 2), ("Puwede ba ang GCash?", "fil", "billing", 1),
)  # fmt: skip


def write(made: House, *, now: datetime) -> int:
    """Write, review and publish them all; one gets a second version, another a draft. Answers how many there are."""
    author, reviewer = made.staff["galina"], made.staff["sergei"]
    for number, (slug, (topic, translations)) in enumerate(ARTICLES.items()):
        first: Article | None = None
        written = now - timedelta(days=50 - number)
        for language, (title, short_answer, body, keywords) in translations.items():
            article = knowledge.write(
                slug=f"{slug}-{language}", language=language, topics=[made.topics[topic]], translation_of=first, audience=Article.Audience.CUSTOMER,
                owner=author, review_at=written + timedelta(days=45 + 20 * (number % 3)), title=title, short_answer=short_answer, body=body,
                keywords=keywords, by=author, now=written,
            )  # fmt: skip
            first = first or article
            knowledge.submit(article.pk, by=author, now=written)
            knowledge.publish(article.pk, by=reviewer, now=written + timedelta(days=1))
    later = now - timedelta(days=9)
    refund, order = Article.objects.get(slug="refund-how-long-en"), Article.objects.get(slug="minimum-order-en")
    knowledge.revise(refund.pk, keywords=["chargeback", "money back", "how long"], change_note="What callers say.", by=author, now=later)
    knowledge.submit(refund.pk, by=author, now=later)
    knowledge.publish(refund.pk, by=reviewer, now=later)
    knowledge.revise(order.pk, short_answer="There is no smallest order; delivery is free from forty euros on.", by=author, now=later)
    return Article.objects.count()


def read_out(made: House, *, now: datetime) -> int:
    """Let operators read the first ready answer on half of the calls they wrote up, and say of some questions that there was none."""
    random = Random(SEED)
    read = 0
    for call in (
        Call.objects.filter(wrap_up_state="done", agent__isnull=False).exclude(topics=None).distinct().order_by("started_at", "external_id")
    ):
        at, agent = call.answered_at or call.started_at, call.agent
        if random.random() < 0.5 or agent is None or at > now:
            continue
        offered = answers.ready(answers.situation_of(call), by=agent, now=at)["results"]
        if offered:
            helpful = random.choice((True, True, True, False, None))
            answers.use(offered[0]["article"], call_id=call.pk, key=1, helpful=helpful, by=agent, now=at)
            read += 1
    for text, language, topic, times in UNANSWERED:
        for time in range(times):
            at = now - timedelta(hours=3 + 5 * time)
            unanswered.tell(text, language=language, topic=made.topics[topic], by=made.staff["anna"], now=at)
    return read
