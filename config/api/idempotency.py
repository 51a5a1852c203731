"""A request sent twice with one key is done once, and answered twice alike."""

import hashlib
import re
from collections.abc import Callable
from typing import cast

import orjson
from django.db import OperationalError, transaction
from rest_framework.request import Request
from rest_framework.response import Response

from config.api.rendering import FastJSON
from config.platform.errors import Refusal
from config.platform.models import IdempotencyRecord, User

GOOD = re.compile(r"[!-~]{1,200}")
KEPT_HEADERS = ("ETag", "Location")


class KeyUnusable(Refusal):
    """An Idempotency-Key is 1 to 200 visible ASCII characters; a UUID is a good one."""

    code = "idempotency_key_unusable"
    status = 400
    advice = "Send a UUID as `Idempotency-Key`: letters, digits and signs without spaces or accents, 200 at most."


class KeyReused(Refusal):
    """The key was used before, for another request. Make a new key for each new thing you do."""

    code = "idempotency_key_reused"
    status = 422
    advice = "Make a new key for a new request. To repeat the old one, send exactly the same method, address and body."


class KeyInUse(Refusal):
    """A request with this key is still being worked on. Wait a second and send it again: you will get its answer."""

    code = "idempotency_key_in_use"
    status = 409
    retry_after_s = 1
    advice = "The first request is still being answered. Send the same again in a moment, with the same key."


def once(request: Request, run: Callable[[], Response]) -> Response:
    """Run the request, or replay the answer that its ``Idempotency-Key`` already got.

    The record is inserted in the transaction of the effect. A twin that comes at the same moment waits on the unique
    index until that transaction ends (at most the lock timeout): then it replays the answer, or, if nothing was
    committed, does the work itself. A refusal rolls everything back and is decided afresh next time.

    Raises:
        KeyUnusable, KeyReused, KeyInUse
    """
    key = request.headers.get("Idempotency-Key")
    if key is None:
        return run()
    if not GOOD.fullmatch(key):
        raise KeyUnusable("Idempotency-Key must be 1 to 200 visible ASCII characters, for instance a UUID.")
    fingerprint = fingerprint_of(request)
    with transaction.atomic():
        try:
            record, is_first = IdempotencyRecord.objects.get_or_create(
                by=cast(User, request.user), key=key, defaults={"fingerprint": fingerprint}
            )
        except OperationalError as error:
            if getattr(error.__cause__, "pgcode", "") == "55P03":
                raise KeyInUse("The first request with this key is still running. Send it again in a second.") from None
            raise
        if record.fingerprint != fingerprint:
            raise KeyReused("This Idempotency-Key belongs to another request: use a new one.")
        if not is_first and not record.body:
            raise KeyReused("Its answer was sealed with a SECRET_KEY that is gone: look whether it was done, then use a new key.")
        if not is_first:
            return Response(orjson.loads(record.body), status=record.status, headers={**record.headers, "Idempotency-Replayed": "true"})
        response = run()
        if response.status_code >= 400:
            transaction.set_rollback(True)
            return response
        record.status, record.body = response.status_code, (FastJSON().render(response.data) or b"null").decode()
        record.headers = {name: response.headers[name] for name in KEPT_HEADERS if name in response.headers}
        record.save(force_update=True)
        return response


def fingerprint_of(request: Request) -> str:
    """What makes two requests the same: method, address with its query, and the content of the body, files by their bytes."""
    digest = hashlib.sha256(f"{request.method} {request._request.get_full_path()} ".encode())
    if request._request.content_type == "multipart/form-data":
        for name, value in sorted(request.data.items(), key=lambda pair: pair[0]):
            digest.update(f"\0{name}\0".encode())
            if hasattr(value, "chunks"):
                for chunk in value.chunks():
                    digest.update(chunk)
                value.seek(0)
            else:
                digest.update(str(value).encode("utf-8", "surrogatepass"))
    else:
        digest.update(orjson.dumps(request.data, option=orjson.OPT_SORT_KEYS, default=str))
    return digest.hexdigest()
