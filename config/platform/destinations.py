"""Where we may send a request: an URL judged before anything is sent, its name resolved once.

Whoever may write an URL here (an address of a phone system, a link of a recording) could otherwise make the server ask its
own network: the metadata of the cloud, the broker, a neighbour's panel. So the address is judged, not the name: a name that
resolves to a private address is as forbidden as the address itself, and the address judged is the address connected to.
"""

import socket
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address, ip_network
from typing import ClassVar
from urllib.parse import SplitResult, quote, urlsplit

from django.conf import settings

from config.platform.errors import Refusal

Address = IPv4Address | IPv6Address
#: (host, port) → the addresses it has, as texts; raises OSError when it has none
Resolver = Callable[[str, int], Sequence[str]]

SCHEMES = {"http": 80, "https": 443}
MOST_URL = 2000
#: What clouds tell a machine about itself, credentials included: never asked, whatever an installation allows.
METADATA = frozenset(
    ip_address(text) for text in ("169.254.169.254", "169.254.170.2", "168.63.129.16", "100.100.100.200", "192.0.0.192", "fd00:ec2::254")
)
NAT64 = IPv6Network("64:ff9b::/96")
KEPT_IN_PATH = "/%:@!$&'()*+,;=~-._"


class OutgoingRefused(Refusal):
    """A request to another server was not made, or not answered in a way that can be used.

    ``lasting``: asking again without changing something is idle.
    """

    code = "outgoing_refused"
    status = 400
    advice = "See `detail` for what went wrong with the other server, and mend the address or that server."
    lasting: ClassVar[bool] = False


class UrlForbidden(OutgoingRefused):
    """The URL is not one that we ask: not http or https, credentials in it, an odd port, or not an URL."""

    code = "url_forbidden"
    advice = "Give an address with http or https, without a name and password in it, on an ordinary port."
    lasting = True


class AddressForbidden(OutgoingRefused):
    """The URL leads into a network that is not public and not in OUTGOING_ALLOWED_NETWORKS."""

    code = "address_forbidden"
    advice = "Use a public address, or have whoever runs this installation add the network to OUTGOING_ALLOWED_NETWORKS."
    lasting = True


class HttpsNeeded(OutgoingRefused):
    """News speaks of people: outside of networks of your own it is posted by https only."""

    code = "https_needed"
    advice = "Give the receiver a certificate and an address with https. Plain http is for networks in OUTGOING_ALLOWED_NETWORKS."


class NameUnknown(OutgoingRefused):
    """The name in the URL has no address now."""

    code = "name_unknown"
    advice = "Look for a mistake in the host of the URL. If it is right, try again later: its name server did not answer."


@dataclass(frozen=True)
class Destination:
    """An URL that was judged: connect to ``addresses`` (and to nothing else), speak to ``host``."""

    scheme: str
    host: str
    port: int
    target: str
    addresses: tuple[str, ...]

    @property
    def host_header(self) -> str:
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == SCHEMES[self.scheme] else f"{host}:{self.port}"


def look_up(host: str, port: int) -> Sequence[str]:
    """The addresses of a name, as the system resolves it, without repeats.

    Raises:
        OSError: it has none.
    """
    return list(dict.fromkeys(str(found[4][0]) for found in socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)))


def check_url(url: str, *, resolver: Resolver | None = None) -> Destination:
    """Judge an URL before it is kept or asked.

    Raises:
        UrlForbidden: of another scheme, with credentials, of an odd port, or no URL at all.
        NameUnknown: its name has no address now.
        AddressForbidden: one of its addresses is not public, and not of a network that this installation allows.
    """
    parts = _split(url)
    host, port = _host_of(parts), _port_of(parts)
    try:
        found = (resolver or look_up)(host, port)
    except (OSError, UnicodeError):
        found = ()
    if not found:
        raise NameUnknown(f"{host} has no address.", host=host)
    addresses = [_address(text, host) for text in found]
    allowed = [is_allowed(address) for address in addresses]
    if not all(inside or is_public(address) for address, inside in zip(addresses, allowed, strict=True)):
        raise AddressForbidden(f"{host} is in a network that may not be asked (OUTGOING_ALLOWED_NETWORKS).", host=host)
    if port not in settings.OUTGOING_PORTS and not all(allowed):
        raise UrlForbidden(f"Port {port} may not be asked (OUTGOING_PORTS).", port=port)
    target = quote(parts.path or "/", safe=KEPT_IN_PATH)
    if parts.query:
        target += "?" + quote(parts.query, safe=KEPT_IN_PATH + "?[]")
    return Destination(parts.scheme, host, port, target, tuple(str(address) for address in addresses))


def require_https_outside(to: Destination) -> None:
    """Outside of networks of our own, what speaks of people goes by https only.

    Raises:
        HttpsNeeded
    """
    if to.scheme == "http" and not all(is_allowed(ip_address(one)) for one in to.addresses):
        raise HttpsNeeded("Outside of your own networks this is posted by https only.", host=to.host)


def is_public(address: Address) -> bool:
    """Whether anybody's packets reach the address: not ours, not a neighbour's, not a group's, not a tunnel into any of them."""
    if isinstance(address, IPv6Address):
        if address in NAT64:  # what a resolver of an IPv6-only network makes of every public IPv4 address
            return is_public(IPv4Address(int(address) & 0xFFFFFFFF))
        if address.ipv4_mapped or address.sixtofour or address.teredo or address.is_site_local:
            return False
    closed = address.is_private or address.is_loopback or address.is_link_local or address.is_multicast
    return address.is_global and not closed and not address.is_reserved and not address.is_unspecified and address not in METADATA


def is_allowed(address: Address) -> bool:
    """Whether this installation reaches into the network of the address (a PBX of its own)."""
    if address in METADATA:
        return False
    return any(address in ip_network(network, strict=False) for network in settings.OUTGOING_ALLOWED_NETWORKS)


def _split(url: str) -> SplitResult:
    if len(url) > MOST_URL or not url.isprintable() or " " in url or "\\" in url:
        raise UrlForbidden("This is not an URL.")
    try:
        parts = urlsplit(url)
    except ValueError:
        raise UrlForbidden("This is not an URL.") from None
    if parts.scheme not in SCHEMES:
        raise UrlForbidden("Only http and https are asked.")
    if "@" in parts.netloc:
        raise UrlForbidden("An URL with a name or a password in it is not asked: they would be kept and logged with it.")
    return parts


def _host_of(parts: SplitResult) -> str:
    host = (parts.hostname or "").rstrip(".")
    if "[" in parts.netloc or ":" in host:
        try:
            return str(IPv6Address(host)) if "%" not in host else _no_host()
        except ValueError:
            return _no_host()
    try:
        plain = host.encode("idna").decode() if not host.isascii() else host
    except UnicodeError:
        return _no_host()
    sound = plain.replace("-", "").replace(".", "").replace("_", "").isalnum()
    return plain.lower() if sound and len(plain) <= 253 and ".." not in plain else _no_host()


def _no_host() -> str:
    raise UrlForbidden("The URL has no host that can be asked.")


def _port_of(parts: SplitResult) -> int:
    try:
        port = parts.port
    except ValueError:
        raise UrlForbidden("The port of the URL is not a port.") from None
    return SCHEMES[parts.scheme] if port is None else port


def _address(text: str, host: str) -> Address:
    try:
        return ip_address(text)
    except ValueError:
        raise AddressForbidden(f"{host} has an address that cannot be judged.", host=host) from None
