"""A Switchboard that runs somewhere, as commands reach it over HTTP: what ``make up`` wrote tells where it is and gives tokens."""

import json
import time
from collections.abc import Mapping
from http.client import HTTPException
from pathlib import Path
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlencode
from urllib.request import HTTPRedirectHandler, Request, build_opener

from django.core.management.base import CommandError, CommandParser

#: Answers after which the same is asked again: somebody else was at it, too many requests, the database away for a moment.
PASSING = (409, 429, 503)
TRIES = 5


def add_arguments(parser: CommandParser, *, needs: str) -> None:
    """The arguments by which ``where`` finds it; ``needs`` says what the token must be able to do."""
    parser.add_argument("--up", default="var/up.json", help="where make up wrote its address and tokens")
    parser.add_argument("--url", default="", help="the address, instead of --up")
    parser.add_argument("--token", default="", help=f"a token {needs}")


def where(options: Mapping[str, Any], role: str) -> tuple[str, str]:
    """The address and a token, as given, else those that ``make up`` made for the role.

    Raises:
        CommandError
    """
    if options["url"] and options["token"]:
        return options["url"].rstrip("/"), options["token"]
    try:
        told = json.loads(Path(options["up"]).read_text(encoding="utf-8"))
        here, tokens = str(told["url"]), dict(told["tokens"])
    except (OSError, ValueError, LookupError, TypeError):
        raise CommandError(
            f"Nothing runs here ({options['up']} cannot be read): start it with make up, or give --url and --token."
        ) from None
    url = options["url"].rstrip("/") or here
    if not options["token"] and url != here:  # a token of here is not sent to another host
        raise CommandError(f"What runs at {url} is not what {options['up']} tells of: give --token too.")
    if not options["token"] and role not in tokens:
        raise CommandError(f"It runs at {here}, and has no demo tokens: give --token.")
    return url, options["token"] or str(tokens[role])


class _NoRedirect(HTTPRedirectHandler):
    """A redirect is an answer like another: a POST would go on as a GET, and the token to whoever is named."""

    def redirect_request(self, *args: Any, **kwargs: Any) -> None:
        return None


OPENER = build_opener(_NoRedirect)


class Running:
    """Asks a running Switchboard, and says plainly why it cannot. ``needs`` says of the token what ``add_arguments`` was told."""

    def __init__(self, url: str, token: str, *, needs: str) -> None:
        if not url.lower().startswith(("http://", "https://")):
            raise CommandError(f"{url} is no address: give one that begins with http:// or https://.")
        if not (token.isascii() and token.isprintable()):
            raise CommandError("The token is none: it has letters that no token has.")
        self.url, self.needs = url, needs
        self.headers = {"Authorization": f"Bearer {token}"}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None, **query: str) -> Any:
        """The answer of the API.

        Raises:
            CommandError: it cannot be reached, or it refuses.
        """
        address = f"{self.url}/api/v1/{path}" + (f"?{urlencode(query)}" if query else "")
        data, headers = (json.dumps(body).encode(), {"Content-Type": "application/json"}) if body is not None else (None, {})
        status, answer = self.send(address, data, {**self.headers, **headers}, method=method)
        if not 200 <= status < 300:
            detail = answer.get("detail", "") if isinstance(answer, dict) else ""
            errors = f" {json.dumps(answer['errors'], ensure_ascii=False)}" if isinstance(answer, dict) and answer.get("errors") else ""
            hint = f" It takes a token {self.needs}." if status in (401, 403) else ""
            raise CommandError(f"{self.url} refuses {method} /api/v1/{path} ({status}). {detail}{errors}{hint}".strip())
        return answer

    def send(self, address: str, data: bytes | None, headers: Mapping[str, str], *, method: str = "POST") -> tuple[int, Any]:
        """Status and body of an answer, whatever they are; after troubles that pass it is sent again.

        Raises:
            CommandError: it cannot be reached, or what answers is no Switchboard.
        """
        for tried in range(TRIES):
            if tried:
                time.sleep(0.1 * 2**tried)
            status, body = self._sent(Request(address, data, dict(headers), method=method))  # noqa: S310 (http or https, and the operator's own)
            if status not in PASSING:
                break
        try:
            return status, json.loads(body) if body.strip() else None
        except ValueError:
            raise CommandError(f"What answers at {self.url} is no Switchboard ({status}).") from None

    def rows(self, path: str, **query: str) -> list[dict[str, Any]]:
        """The first page of a list.

        Raises:
            CommandError: as ``ask``.
        """
        answer = self.ask("GET", path, None, **query)
        if not isinstance(answer, dict) or not isinstance(answer.get("results"), list):
            raise CommandError(f"What answers at {self.url} is no Switchboard.")
        return list(answer["results"])

    def _sent(self, request: Request) -> tuple[int, bytes]:
        try:
            try:
                with OPENER.open(request, timeout=30) as answer:
                    return answer.status, answer.read()
            except HTTPError as error:
                with error:
                    if 300 <= error.code < 400:
                        raise CommandError(
                            f"{self.url} sends on to {error.headers.get('Location', 'nowhere')}: give that as --url."
                        ) from None
                    return error.code, error.read()
        except (OSError, HTTPException, ValueError) as error:
            reason = getattr(error, "reason", error)
            raise CommandError(f"Nothing answers at {self.url} ({reason}). Start it with make up, or give --url and --token.") from None
