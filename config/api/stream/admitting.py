"""Who is let into the stream, and from where they read. Asked by the web process for a step, by the holding process for a stream."""

from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import UUID

from django.utils import timezone
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from config.api.authentication import REALM
from config.api.stream import tickets, wire
from config.platform import feed, feed_reading, statements
from config.platform.errors import Refusal
from config.platform.feed_reading import Place, PlaceLost
from config.platform.models import ApiToken, User

if TYPE_CHECKING:
    from rest_framework.request import Request

HOLD = "switchboard.hold"  # in the environ of an opening that the holding process passes to Django


class StreamsFull(Refusal):
    """This process holds as many streams as it can, or is about to stop. Try again in a moment: another one may have room."""

    code = "streams_full"
    status = 503
    retry_after_s = 2
    advice = "Connect again after `Retry-After`; until then ask `GET /feed/`, which tells the same."


@dataclass
class Opening:
    """What the holding process asks of Django before it begins a stream, and what Django answers."""

    is_full: bool = False
    admitted: "Admitted | None" = None


@dataclass(frozen=True)
class Admitted:
    """Who is let in, where they begin, and what they are told first."""

    user_id: UUID
    role: str
    token_id: UUID | None
    place: Place
    first: bytes


class TicketAuthentication(BaseAuthentication):
    """``?ticket=``: whoever has a ticket is its owner, once."""

    def authenticate(self, request: "Request") -> tuple[User, ApiToken | None] | None:
        ticket = request.query_params.get("ticket")
        if ticket is None:
            return None
        whose = tickets.use(ticket)
        user = User.objects.filter(pk=whose[0], is_active=True).first() if whose else None
        token = ApiToken.objects.alive(timezone.now()).filter(pk=whose[1]).first() if whose and whose[1] else None
        if whose is None or user is None or (whose[1] and token is None):
            raise AuthenticationFailed("The ticket is used, or older than half a minute. Ask for a new one.")
        request._request.served_user_id = str(user.pk)  # type: ignore[attr-defined]
        return user, token

    def authenticate_header(self, request: "Request") -> str:
        return REALM


def place_of(text: str | None, now: datetime) -> tuple[Place, bool, bool]:
    """Where to begin, whether it is a beginning (or a new one), and whether what came since may be lost."""
    if not text:
        return feed_reading.here(now), True, False
    try:
        place = feed_reading.decode(text, now=now)
        feed_reading.check(place)
    except PlaceLost:
        return feed_reading.here(now), True, True
    return place, False, False


def admit(user: User, token: ApiToken | None, last: str | None, now: datetime) -> Admitted:
    """Begin at the place ``last``, or with all that a screen shows at first.

    The place is taken before the screen is read: what happens in between is told as well, and nothing is missed.
    """
    place, is_new, is_lost = place_of(last, now)
    first = b""
    if is_new:
        first = wire.said("reset" if is_lost else "hello", feed.screen(user, now), at=now, place=place)
    return Admitted(user.pk, user.role, token.pk if token else None, place, first)


#: Streams whose reason is gone: the person was switched off or has another role, the token was revoked or is past its time.
OUTLIVED = """
SELECT a.n FROM unnest(%(n)s::int[], %(who)s::uuid[], %(roles)s::text[], %(tokens)s::uuid[]) AS a(n, who, role, token)
LEFT JOIN platform_user u ON u.id = a.who AND u.is_active AND u.role = a.role
LEFT JOIN platform_apitoken t ON t.id = a.token AND t.revoked_at IS NULL AND (t.expires_at IS NULL OR t.expires_at > %(now)s)
WHERE u.id IS NULL OR (a.token IS NOT NULL AND t.id IS NULL)
"""


def outlived(held: list[Admitted], now: datetime) -> list[int]:
    """Positions of those that may read no longer. One statement."""
    values = {
        "n": list(range(len(held))),
        "who": [str(one.user_id) for one in held],
        "roles": [one.role for one in held],
        "tokens": [str(one.token_id) if one.token_id else None for one in held],
        "now": now,
    }
    return [row[0] for row in statements.rows(OUTLIVED, values)]
