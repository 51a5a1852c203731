"""How values look in lists and on pages."""

from django.utils.html import format_html
from django.utils.safestring import SafeString

TONES = {
    "info": "sb-info",
    "good": "sb-good",
    "bad": "sb-bad",
    "warn": "sb-warn",
    "plain": "sb-plain",
}


def badge(text: str, tone: str = "plain") -> SafeString:
    """A short word in a coloured field."""
    return format_html('<span class="sb-badge {}">{}</span>', TONES[tone], text)


def percent(share: float | None) -> str:
    """A share from 0 to 1 for people; the narrow space does not break."""
    return f"{share:.0%}".replace("%", "\u202f%") if share is not None else "–"


def span(seconds: float | None) -> str:
    """A length of time as people say it: 45 s, 3:07, 1:02:30."""
    if seconds is None:
        return "–"
    whole = round(seconds)
    if whole < 60:
        return f"{whole} s"
    minutes, rest = divmod(whole, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02d}:{rest:02d}" if hours else f"{minutes}:{rest:02d}"
