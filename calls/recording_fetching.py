"""Bringing recordings here: links of vendors die, so each is fetched as soon as it is told of.

What is owed is the row: announced, with an address. A worker downloads into a file that nobody else can see and that goes with it,
checks what it has, and stores it under a name that only this row has; the row says available last. So a worker that is killed leaves
at most a part under a name that no row shows, and the next try replaces it.
"""

import base64
import logging
import tempfile
import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.core.files import File
from django.core.files.storage import default_storage
from django.db.models import Q
from django.utils import timezone

from calls import audio
from calls.models import PhoneSystem, Recording
from calls.recordings import forget_source
from config.platform import destinations, jobs, outgoing
from config.platform.moves import TransitionNotAllowed, transition

logger = logging.getLogger(__name__)
FETCH_S = 120.0
#: after each failed try, in seconds; then it is set aside
WAITS_S = (30, 120, 600, 1800, 3600, 3 * 3600, 6 * 3600, 12 * 3600)


class NotAudio(outgoing.OutgoingRefused):
    """What came is no audio that we know: a page that says sorry, perhaps."""

    code = "not_audio"
    advice = (
        "Open the address that the phone system told of the recording: for a page that asks to sign in set `recording_auth` of "
        "the phone system, then ask with `POST …/fetch/`."
    )


class AnsweredBadly(outgoing.OutgoingRefused):
    """The other server answered with something else than the file."""

    code = "answered_badly"
    advice = (
        "Open the address that the phone system told of the recording: `problem_detail` says what it answered. "
        "It is tried again later by itself."
    )


class HostNotAllowed(outgoing.OutgoingRefused):
    """The recording lies on a host that is not among the `recording_hosts` of its phone system."""

    code = "host_not_allowed"
    advice = "Add the host to `recording_hosts` of the phone system if recordings do lie there, then ask with `POST …/fetch/`."
    lasting = True


class SecretExposed(outgoing.OutgoingRefused):
    """A secret is not sent over plain http, but in a network of one's own."""

    code = "secret_exposed"
    advice = "Have the phone system tell addresses with https, or set its `recording_auth` to `none`; then ask with `POST …/fetch/`."
    lasting = True


class _Overtaken(Exception):
    """Another worker took it on, or somebody deleted it, while this one was at it."""


@dataclass(frozen=True)
class _Fetched:
    stored_as: str
    content_type: str
    size: int
    sha256: str
    wav: audio.Wav | None


def fetch_owed(*, now: datetime, seconds: float = jobs.TURN_S) -> bool:
    """Fetch what is due, for about ``seconds``; answers whether something is left. Safe in any number of workers."""
    due = Recording.objects.to_fetch().filter(Q(retain_until=None) | Q(retain_until__gt=now) | Q(legal_hold=True))
    return jobs.run_owed(due, _work, now=now, seconds=seconds)


def _work(recording_id: UUID, until: float) -> bool:
    """One try. Answers whether it must go on at once, which it never must."""
    try:
        row, name = _begin(recording_id)
    except TransitionNotAllowed:
        return False  # somebody was faster
    began = time.monotonic()
    try:
        got = _bring(row, name)
        _keep(recording_id, name, got)
        logger.info("recording_fetched", extra={"bytes": got.size, "ms": round((time.monotonic() - began) * 1000)})
    except (_Overtaken, TransitionNotAllowed):
        default_storage.delete(name)
    except outgoing.OutgoingRefused as refusal:
        _put_off(recording_id, name, refusal.code, refusal.detail, for_good=refusal.lasting)
    except Exception as error:  # the storage is full, or away
        logger.exception("recording_not_fetched")
        _put_off(recording_id, name, "storage_failed", f"It could not be stored ({type(error).__name__}); the log tells more.")
    return False


def _begin(recording_id: UUID) -> tuple[Recording, str]:
    """A name that no other try has: the row tells it before there is a file, so that what a dead worker leaves is known."""
    with transition(Recording, recording_id, "begin", by=None, now=timezone.now()) as row:
        left = row.storage_name
        row.attempts += 1
        row.storage_name = f"recordings/{row.recorded_at:%Y/%m}/{row.pk}-{row.version}.audio"
    if left:
        default_storage.delete(left)
    return row, row.storage_name


def _bring(row: Recording, name: str) -> _Fetched:
    """Download, check and store."""
    to, headers = _asked(row.source_url, row.call.phone_system)
    with tempfile.TemporaryFile(dir=_scratch()) as file:
        with outgoing.download(
            row.source_url, headers, most_bytes=settings.RECORDING_MAX_BYTES, whole_s=FETCH_S, resolver=lambda host, port: to.addresses
        ) as body:
            if body.status != 200:
                raise AnsweredBadly(f"The other server answered {body.status}.", answered=body.status)
            for piece in body:
                file.write(piece)
        file.seek(0)
        head = file.read(audio.HEAD)
        kind = audio.kind_of(head)
        if not kind:
            raise NotAudio("What came is no audio that we know.")
        file.seek(0)
        stored_as = default_storage.save(name, File(file))
    return _Fetched(stored_as, kind, body.size, body.sha256, audio.wav_of(head, body.size))


def _scratch() -> str | None:
    """Where there is room for a whole recording: the folder of files, since /tmp may be a small part of the memory."""
    try:
        Path(settings.MEDIA_ROOT).mkdir(parents=True, exist_ok=True)
    except OSError:
        return None
    return str(settings.MEDIA_ROOT)


def _keep(recording_id: UUID, name: str, got: _Fetched) -> None:
    now = timezone.now()
    with transition(Recording, recording_id, "keep", by=None, now=now) as row:
        if row.storage_name != name:
            raise _Overtaken
        row.storage_name, row.content_type, row.size, row.sha256 = got.stored_as, got.content_type, got.size, got.sha256
        row.available_at = now
        if got.wav:
            row.channels, row.duration_s = got.wav.channels, round(got.wav.duration_s, 3)
        row.problem = row.problem_detail = ""
        forget_source(row)


def _put_off(recording_id: UUID, name: str, code: str, detail: str, *, for_good: bool = False) -> None:
    now = timezone.now()
    with suppress(Exception):  # the storage may be away; the name is in the row until the next try
        default_storage.delete(name)
    with suppress(_Overtaken, TransitionNotAllowed):
        tries = Recording.objects.values_list("attempts", flat=True).get(pk=recording_id)
        ends = for_good or tries > len(WAITS_S)
        with transition(Recording, recording_id, "fail" if ends else "put_off", by=None, now=now, reason=detail[:500]) as row:
            if row.storage_name != name:
                raise _Overtaken
            row.problem, row.problem_detail, row.storage_name = code, detail[:500], ""
            row.run_after = None if ends else now + timedelta(seconds=WAITS_S[max(tries, 1) - 1])


def _asked(url: str, system: PhoneSystem | None) -> tuple[destinations.Destination, dict[str, str]]:
    """Where to ask, judged once, and the header that the phone system's server wants.

    A secret goes only to hosts that an administrator named, and never in the open.
    """
    to = destinations.check_url(url)
    hosts = {host.lower() for host in system.recording_hosts} if system else set()
    if hosts and to.host not in hosts:
        raise HostNotAllowed(f"{to.host} is not among the hosts of this phone system's recordings.")
    if system is None or system.recording_auth == PhoneSystem.RecordingAuth.NONE:
        return to, {}
    if to.scheme != "https" and not all(destinations.is_allowed(ip_address(one)) for one in to.addresses):
        raise SecretExposed("The address is plain http: the secret would be read on the way.")
    if system.recording_auth == PhoneSystem.RecordingAuth.BEARER:
        return to, {"authorization": f"Bearer {system.secret}"}
    pair = base64.b64encode(f"{system.account}:{system.secret}".encode()).decode()
    return to, {"authorization": f"Basic {pair}"}
