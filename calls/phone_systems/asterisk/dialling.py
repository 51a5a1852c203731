"""What the argument of ``Dial`` says about whom it calls. Pure."""

import re
from dataclasses import dataclass
from functools import lru_cache

_NUMBER = re.compile(r"\+?[0-9*#]{2,30}", re.ASCII)


@dataclass(frozen=True, slots=True)
class Destination:
    """One of the places that are called at once: an endpoint, and the number that is asked of it, if it is a trunk."""

    technology: str
    endpoint: str
    number: str


@lru_cache(maxsize=1024)
def destinations(argument: str) -> tuple[Destination, ...]:
    """``PJSIP/201&PJSIP/+79160000000@trunk,30,tT``: 201, and the number by the trunk.

    Known forms: ``PJSIP/201``, ``PJSIP/201/sip:201@192.0.2.7:5060`` (a contact of 201), ``PJSIP/number@trunk``,
    ``PJSIP/trunk/sip:number@host``, ``SIP/trunk/number``, ``DAHDI/g1/number``.
    """
    found = []
    for one in argument.split(",")[0].split("&"):
        technology, _, rest = one.strip().partition("/")
        endpoint, _, asked = rest.partition("/")
        if technology in ("", "Local") or not endpoint:
            continue
        if not asked and "@" in endpoint:
            asked, _, endpoint = endpoint.partition("@")
        asked = asked.removeprefix("sip:").removeprefix("sips:").split("@")[0].split(";")[0]
        is_number = asked != endpoint and _NUMBER.fullmatch(asked) is not None
        found.append(Destination(technology, endpoint, asked if is_number else ""))
    return tuple(found)


def number_meant(dialled: str, asked: str) -> str:
    """Of what was dialled at the trunk and what the caller had asked for, the one without a prefix when they are the same number."""
    plain, wanted = (one.replace("+", "") for one in (dialled, asked))
    if len(wanted) >= 6 and len(plain) > len(wanted) and plain.endswith(wanted):
        return asked
    return dialled
