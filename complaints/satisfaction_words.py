"""What the page of a link and its letter say, in the customer's language.

A handful of sentences that belong together, so they stand here side by side; another language is one more entry.
"""

from collections.abc import Sequence
from datetime import datetime

#: Other names of a language we have.
ALSO = {"tl": "fil"}
WORDS: dict[str, dict[str, str]] = {
    "en": {
        "title": "Your complaint {number}",
        "intro": "We have closed it. Please tell us how it went: it takes a minute.",
        "score": "How content are you with what we did?",
        "1": "Not at all",
        "2": "Rather not",
        "3": "Partly",
        "4": "Mostly",
        "5": "Entirely",
        "solved": "Is the matter solved?",
        "yes": "Yes",
        "no": "No",
        "optional": "if you like",
        "comment": "What should we know?",
        "send": "Send",
        "faults": "Please look at this again",
        "choose": "Choose a number from 1 to 5.",
        "too_long": "Please write at most {most} letters.",
        "thanks": "Thank you",
        "thanks_text": "Your answer has reached us. You may close this page.",
        "sorry_text": "We are sorry that it is not solved. Somebody will look at it again.",
        "used": "You have answered already",
        "used_text": "This link works once. Thank you for your answer.",
        "over": "The time to answer is over",
        "over_text": "This link is no longer good. If something is still open, please call us.",
        "unknown": "This link leads nowhere",
        "unknown_text": "Perhaps a part of it is missing, or we sent you a newer one. Please open the link of our last message.",
        "busy": "Too many at once",
        "busy_text": "Please try it again in a minute.",
        "mail_subject": "How did we do? Your complaint {number}",
        "mail": "Hello,\n\nwe have closed your complaint {number}. Please tell us how it went; it takes a minute:\n\n{url}\n\n"
        "The link is for you alone, works once, and is good until {until}.",
    },
    "ru": {
        "title": "Ваше обращение {number}",
        "intro": "Мы закрыли его. Скажите, пожалуйста, как всё прошло: это займёт минуту.",
        "score": "Насколько вы довольны тем, что мы сделали?",
        "1": "Совсем не доволен",
        "2": "Скорее не доволен",
        "3": "Отчасти доволен",
        "4": "Скорее доволен",
        "5": "Полностью доволен",
        "solved": "Вопрос решён?",
        "yes": "Да",
        "no": "Нет",
        "optional": "по желанию",
        "comment": "Что нам стоит знать?",
        "send": "Отправить",
        "faults": "Посмотрите, пожалуйста, ещё раз",
        "choose": "Выберите число от 1 до 5.",
        "too_long": "Напишите, пожалуйста, не больше {most} знаков.",
        "thanks": "Спасибо",
        "thanks_text": "Мы получили ваш ответ. Страницу можно закрыть.",
        "sorry_text": "Нам жаль, что вопрос не решён. Мы посмотрим на него ещё раз.",
        "used": "Вы уже ответили",
        "used_text": "Ссылка работает один раз. Спасибо за ваш ответ.",
        "over": "Время для ответа прошло",
        "over_text": "Эта ссылка больше не действует. Если что-то осталось нерешённым, позвоните нам.",
        "unknown": "Такой ссылки нет",
        "unknown_text": "Возможно, часть её потерялась, или мы прислали вам новую. Откройте, пожалуйста, ссылку из нашего последнего письма.",
        "busy": "Слишком много запросов",
        "busy_text": "Попробуйте, пожалуйста, через минуту.",
        "mail_subject": "Как мы справились? Ваше обращение {number}",
        "mail": "Здравствуйте!\n\nМы закрыли ваше обращение {number}. Скажите, пожалуйста, как всё прошло; это займёт минуту:\n\n{url}\n\n"
        "Ссылка только для вас, работает один раз и действует до {until}.",
    },
    "de": {
        "title": "Ihre Beschwerde {number}",
        "intro": "Wir haben sie abgeschlossen. Bitte sagen Sie uns, wie es war: Es dauert eine Minute.",
        "score": "Wie zufrieden sind Sie mit dem, was wir getan haben?",
        "1": "Gar nicht",
        "2": "Eher nicht",
        "3": "Teils, teils",
        "4": "Weitgehend",
        "5": "Vollkommen",
        "solved": "Ist die Sache gelöst?",
        "yes": "Ja",
        "no": "Nein",
        "optional": "wenn Sie mögen",
        "comment": "Was sollten wir wissen?",
        "send": "Senden",
        "faults": "Bitte sehen Sie noch einmal nach",
        "choose": "Wählen Sie eine Zahl von 1 bis 5.",
        "too_long": "Bitte schreiben Sie höchstens {most} Zeichen.",
        "thanks": "Vielen Dank",
        "thanks_text": "Ihre Antwort ist angekommen. Sie können diese Seite schließen.",
        "sorry_text": "Es tut uns leid, dass die Sache nicht gelöst ist. Wir sehen sie uns noch einmal an.",
        "used": "Sie haben schon geantwortet",
        "used_text": "Dieser Link gilt einmal. Vielen Dank für Ihre Antwort.",
        "over": "Die Zeit zu antworten ist vorbei",
        "over_text": "Dieser Link gilt nicht mehr. Wenn noch etwas offen ist, rufen Sie uns bitte an.",
        "unknown": "Dieser Link führt nirgendwohin",
        "unknown_text": "Vielleicht fehlt ein Teil, oder wir haben Ihnen einen neueren geschickt. Bitte öffnen Sie den Link unserer letzten Nachricht.",
        "busy": "Zu viele auf einmal",
        "busy_text": "Bitte versuchen Sie es in einer Minute noch einmal.",
        "mail_subject": "Wie war es? Ihre Beschwerde {number}",
        "mail": "Guten Tag,\n\nwir haben Ihre Beschwerde {number} abgeschlossen. Bitte sagen Sie uns, wie es war; es dauert eine Minute:\n\n{url}\n\n"
        "Der Link ist nur für Sie, gilt einmal und bis zum {until}.",
    },
    "es": {
        "title": "Su reclamación {number}",
        "intro": "La hemos cerrado. Díganos, por favor, cómo fue: lleva un minuto.",
        "score": "¿Qué tan satisfecho está con lo que hicimos?",
        "1": "Nada",
        "2": "Poco",
        "3": "En parte",
        "4": "Bastante",
        "5": "Del todo",
        "solved": "¿Está resuelto el asunto?",
        "yes": "Sí",
        "no": "No",
        "optional": "si lo desea",
        "comment": "¿Qué deberíamos saber?",
        "send": "Enviar",
        "faults": "Por favor, revise esto",
        "choose": "Elija un número del 1 al 5.",
        "too_long": "Escriba, por favor, {most} caracteres como máximo.",
        "thanks": "Gracias",
        "thanks_text": "Hemos recibido su respuesta. Puede cerrar esta página.",
        "sorry_text": "Lamentamos que no esté resuelto. Lo miraremos de nuevo.",
        "used": "Ya ha respondido",
        "used_text": "Este enlace sirve una vez. Gracias por su respuesta.",
        "over": "El plazo para responder ha pasado",
        "over_text": "Este enlace ya no sirve. Si queda algo pendiente, llámenos, por favor.",
        "unknown": "Este enlace no lleva a ninguna parte",
        "unknown_text": "Quizá falte una parte o le enviamos uno más nuevo. Abra, por favor, el enlace de nuestro último mensaje.",
        "busy": "Demasiadas a la vez",
        "busy_text": "Inténtelo de nuevo dentro de un minuto, por favor.",
        "mail_subject": "¿Cómo lo hicimos? Su reclamación {number}",
        "mail": "Hola:\n\nHemos cerrado su reclamación {number}. Díganos, por favor, cómo fue; lleva un minuto:\n\n{url}\n\n"
        "El enlace es solo para usted, sirve una vez y vale hasta el {until}.",
    },
    "fr": {
        "title": "Votre réclamation {number}",
        "intro": "Nous l’avons close. Dites-nous, s’il vous plaît, comment cela s’est passé : une minute suffit.",
        "score": "Êtes-vous satisfait de ce que nous avons fait ?",
        "1": "Pas du tout",
        "2": "Plutôt non",
        "3": "En partie",
        "4": "Plutôt oui",
        "5": "Entièrement",
        "solved": "Le problème est-il résolu ?",
        "yes": "Oui",
        "no": "Non",
        "optional": "si vous le souhaitez",
        "comment": "Que devrions-nous savoir ?",
        "send": "Envoyer",
        "faults": "Merci de regarder ceci de nouveau",
        "choose": "Choisissez un nombre de 1 à 5.",
        "too_long": "Écrivez {most} caractères au plus.",
        "thanks": "Merci",
        "thanks_text": "Votre réponse nous est parvenue. Vous pouvez fermer cette page.",
        "sorry_text": "Nous regrettons que ce ne soit pas résolu. Quelqu’un va le regarder de nouveau.",
        "used": "Vous avez déjà répondu",
        "used_text": "Ce lien sert une fois. Merci de votre réponse.",
        "over": "Le délai pour répondre est passé",
        "over_text": "Ce lien n’est plus valable. S’il reste quelque chose, appelez-nous, s’il vous plaît.",
        "unknown": "Ce lien ne mène nulle part",
        "unknown_text": "Il en manque peut-être une partie, ou nous en avons envoyé un plus récent. Ouvrez le lien de notre dernier message.",
        "busy": "Trop de demandes à la fois",
        "busy_text": "Merci de réessayer dans une minute.",
        "mail_subject": "Comment était-ce ? Votre réclamation {number}",
        "mail": "Bonjour,\n\nnous avons clos votre réclamation {number}. Dites-nous, s’il vous plaît, comment cela s’est passé ; une minute suffit :"
        "\n\n{url}\n\nLe lien est pour vous seul, sert une fois et vaut jusqu’au {until}.",
    },
    "fil": {
        "title": "Ang inyong reklamo {number}",
        "intro": "Isinara na namin ito. Pakisabi kung kumusta: isang minuto lang.",
        "score": "Gaano kayo nasiyahan sa ginawa namin?",
        "1": "Hindi talaga",
        "2": "Medyo hindi",
        "3": "May bahagi",
        "4": "Medyo oo",
        "5": "Lubos",
        "solved": "Nalutas na ba ang problema?",
        "yes": "Oo",
        "no": "Hindi",
        "optional": "kung gusto ninyo",
        "comment": "Ano pa ang dapat naming malaman?",
        "send": "Ipadala",
        "faults": "Pakitingnan muli ito",
        "choose": "Pumili ng numero mula 1 hanggang 5.",
        "too_long": "Hanggang {most} titik lamang po.",
        "thanks": "Salamat po",
        "thanks_text": "Natanggap namin ang inyong sagot. Maaari nang isara ang pahinang ito.",
        "sorry_text": "Ikinalulungkot namin na hindi pa ito nalulutas. Titingnan namin itong muli.",
        "used": "Nakasagot na kayo",
        "used_text": "Isang beses lang gumagana ang link na ito. Salamat sa inyong sagot.",
        "over": "Tapos na ang panahon ng pagsagot",
        "over_text": "Hindi na gumagana ang link na ito. Kung may naiwan pa, pakitawagan kami.",
        "unknown": "Walang patutunguhan ang link na ito",
        "unknown_text": "Baka may kulang na bahagi, o may mas bago kaming ipinadala. Pakibuksan ang link sa huli naming mensahe.",
        "busy": "Masyadong marami nang sabay",
        "busy_text": "Pakisubukan muli pagkalipas ng isang minuto.",
        "mail_subject": "Kumusta ang serbisyo namin? Ang inyong reklamo {number}",
        "mail": "Magandang araw po,\n\nisinara na namin ang inyong reklamo {number}. Pakisabi kung kumusta; isang minuto lang:\n\n{url}\n\n"
        "Para sa inyo lamang ang link, isang beses gumagana, at may bisa hanggang {until}.",
    },
}


def language_of(*wanted: str) -> str:
    """The first of these tags that we have words in, by its language alone; English for none."""
    for tag in wanted:
        language = tag.replace("_", "-").split("-")[0].lower()
        language = ALSO.get(language, language)
        if language in WORDS:
            return language
    return "en"


def words(language: str, accepted: Sequence[str] = ()) -> tuple[str, dict[str, str]]:
    """The tag of the page's language, and what is said in it."""
    found = language_of(language, *accepted)
    return found, WORDS[found]


def letter(language: str, number: str, url: str, *, until: datetime) -> tuple[str, str]:
    """The subject and the text of the letter that brings a link."""
    _, said = words(language)
    return said["mail_subject"].format(number=number), said["mail"].format(number=number, url=url, until=f"{until:%Y-%m-%d}")
