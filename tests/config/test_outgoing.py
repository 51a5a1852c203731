"""The way out: what it never asks, and that a slow, endless or moving server costs us nothing."""

import gzip
import hashlib
import socket
import ssl
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from config.platform import destinations, outgoing

PUBLIC = "93.184.216.34"
LOOPBACK = ["127.0.0.0/8"]


def only(*addresses: str) -> Callable[[str, int], list[str]]:
    return lambda host, port: list(addresses)


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "0.1.2.3", "10.0.0.1", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "169.254.1.1", "100.64.0.1", "100.127.255.254", "100.100.100.200", "168.63.129.16"),
        *("192.0.0.1", "192.0.0.192", "192.0.2.1", "198.18.0.1", "198.51.100.1", "203.0.113.7"),
        *("224.0.0.1", "224.0.1.1", "239.255.255.250", "240.0.0.1", "255.255.255.255"),
        *("::", "::1", "fe80::1", "fec0::1", "fc00::1", "fd00:ec2::254", "ff02::1", "ff0e::1", "2001:db8::1", "::127.0.0.1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:93.184.216.34", "2002:7f00:1::", "2001:0:4136:e378:8000:63bf:3fff:fdd2"),
        *("64:ff9b::7f00:1", "64:ff9b::a00:1", "64:ff9b:1::1"),
    ],
)
def test_an_address_that_is_not_public_is_refused_by_itself_and_by_any_name(address):
    literal = f"[{address}]" if ":" in address else address
    for url in (f"http://{literal}/x", "https://innocent.example/x"):
        with pytest.raises(outgoing.AddressForbidden):
            outgoing.check_url(url, resolver=only(address))


@pytest.mark.parametrize("address", [PUBLIC, "8.8.8.8", "2606:4700:4700::1111", "64:ff9b::5db8:d822"])
def test_a_public_address_is_asked(address):
    assert outgoing.check_url("https://pbx.example/r.wav?a=b c".replace(" ", "%20"), resolver=only(address)).addresses == (address,)


def test_one_private_address_among_public_ones_is_enough_to_refuse():
    with pytest.raises(outgoing.AddressForbidden):
        outgoing.check_url("https://both.example/", resolver=only(PUBLIC, "10.0.0.1"))


@pytest.mark.parametrize(
    "url",
    [
        *(
            "ftp://pbx.example/",
            "file:///etc/passwd",
            "gopher://pbx.example/",
            "//pbx.example/",
            "pbx.example",
            "",
            "http://",
            "https:///x",
        ),
        *("http://user:secret@pbx.example/", "http://user@pbx.example/", "http://pbx.example:22/", "http://pbx.example:99999/"),
        *("http://pbx.example:0/", "http://pbx.example:x/", "http://pbx.example/\r\nHost: other", "http://pbx.example/\x00"),
        *("http://pbx example/", "http://pbx.example\\@127.0.0.1/", "http://[::1/", "http://[fe80::1%25eth0]/", "http://a..b/"),
        *("http://" + "a" * 300 + "/", "http://pbx.example/" + "a" * 3000, "http://[v1.x]/", "http://%31%32%37.0.0.1/"),
    ],
)
def test_what_is_not_a_plain_web_address_is_refused_before_anything_is_looked_up(url):
    def never(host: str, port: int) -> list[str]:
        raise AssertionError("looked up") if port in {80, 443} else OSError

    with pytest.raises((outgoing.UrlForbidden, outgoing.NameUnknown)):
        outgoing.check_url(url, resolver=never)


@pytest.mark.parametrize("written", ["127.1", "2130706433", "0x7f000001", "017700000001", "localhost", "127.0.0.1."])
def test_other_ways_to_write_loopback_are_still_loopback(written):
    with pytest.raises(outgoing.OutgoingRefused) as refused:  # what the system's resolver makes of them
        outgoing.check_url(f"http://{written}/")
    assert refused.value.code in {"address_forbidden", "name_unknown"}


def test_a_name_without_an_address_says_so():
    with pytest.raises(outgoing.NameUnknown):
        outgoing.check_url("https://nobody.example/", resolver=only())


def test_an_odd_port_is_asked_only_in_a_network_of_our_own(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["10.1.0.0/16"]
    assert outgoing.check_url("http://pbx.example:5000/", resolver=only("10.1.2.3")).port == 5000
    with pytest.raises(outgoing.UrlForbidden):
        outgoing.check_url("http://pbx.example:5000/", resolver=only(PUBLIC))
    with pytest.raises(outgoing.AddressForbidden):
        outgoing.check_url("http://pbx.example:5000/", resolver=only("10.2.2.3"))


def test_metadata_stays_forbidden_in_a_network_that_is_allowed(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = ["0.0.0.0/0", "::/0"]
    for address in destinations.METADATA:
        with pytest.raises(outgoing.AddressForbidden):
            outgoing.check_url("http://cloud.example/", resolver=only(str(address)))
    assert outgoing.check_url("http://pbx.example/", resolver=only("10.0.0.1")).addresses == ("10.0.0.1",)


class Pbx:
    """A server on loopback that remembers what it was asked; ``say`` writes its answer."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str, dict[str, str], bytes]] = []
        self.say: Callable[[BaseHTTPRequestHandler], None] = lambda handler: handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\nhello")
        pbx = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                body = self.rfile.read(int(self.headers.get("content-length") or 0))
                pbx.asked.append((self.command, self.path, dict(self.headers), body))
                with suppress(OSError):  # they hung up
                    pbx.say(self)

            do_GET = do_POST

            def log_message(self, *args: object) -> None: ...

        self.server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self.server.daemon_threads = True
        self.port = self.server.server_address[1]
        threading.Thread(target=self.server.serve_forever, args=[0.05], daemon=True).start()

    def url(self, path: str = "/") -> str:
        return f"http://127.0.0.1:{self.port}{path}"


@pytest.fixture
def pbx(settings) -> Iterator[Pbx]:
    settings.OUTGOING_ALLOWED_NETWORKS = LOOPBACK
    server = Pbx()
    yield server
    server.server.shutdown()
    server.server.server_close()


def test_a_post_brings_its_body_and_headers_and_the_answer_back(pbx):
    answer = outgoing.post(pbx.url("/originate?a=1"), b'{"x":1}', {"Authorization": "Bearer s", "Content-Type": "application/json"})
    method, path, headers, body = pbx.asked[0]
    assert (answer.status, answer.ok, answer.body) == (200, True, b"hello")
    assert (method, path, body) == ("POST", "/originate?a=1", b'{"x":1}')
    assert headers["authorization"] == "Bearer s" and headers["host"] == f"127.0.0.1:{pbx.port}"


def test_a_name_that_moves_into_our_network_is_resolved_once_and_the_judged_address_is_asked(pbx):
    moves = [["127.0.0.1"], ["127.0.0.2"], ["10.0.0.1"]]
    looked_up: list[str] = []

    def rebinding(host: str, port: int) -> list[str]:
        looked_up.append(host)
        return moves[len(looked_up) - 1]

    answer = outgoing.post(f"http://moves.example:{pbx.port}/", b"", resolver=rebinding)
    assert answer.ok and looked_up == ["moves.example"]
    assert pbx.asked[0][2]["host"] == f"moves.example:{pbx.port}"


def test_the_connection_goes_to_the_address_that_was_judged(monkeypatch):
    went: list[str] = []

    def connect(address: tuple[str, int], *args: object, **kwargs: object) -> socket.socket:
        went.append(address[0])
        raise ConnectionRefusedError

    monkeypatch.setattr("urllib3.util.connection.create_connection", connect)
    with pytest.raises(outgoing.Unreachable):
        outgoing.post("https://pbx.example/", b"", resolver=only(PUBLIC, "8.8.8.8"))
    assert went == [PUBLIC, "8.8.8.8"]


def test_a_redirect_is_not_followed(pbx):
    pbx.say = lambda handler: handler.wfile.write(b"HTTP/1.0 302 Found\r\nLocation: http://169.254.169.254/\r\n\r\n")
    assert outgoing.post(pbx.url(), b"").status == 302
    with outgoing.download(pbx.url(), most_bytes=10) as body:
        assert body.status == 302 and not body.ok
    assert len(pbx.asked) == 2


def drip(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
    for _ in range(100):
        handler.wfile.write(b".")
        time.sleep(0.05)


def drip_headers(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\nX-Slow: ")
    for _ in range(100):
        handler.wfile.write(b".")
        time.sleep(0.05)


@pytest.mark.parametrize("say", [drip, drip_headers, lambda handler: time.sleep(3)], ids=["body", "headers", "nothing"])
def test_a_slow_server_is_given_the_time_of_the_whole_and_no_more(pbx, say):
    pbx.say = say
    began = time.monotonic()
    with pytest.raises(outgoing.TimedOut):
        with outgoing.download(pbx.url(), most_bytes=1000, whole_s=0.5, read_s=2) as body:
            for _ in body:
                pass
    assert time.monotonic() - began < 1.5


def endless(handler: BaseHTTPRequestHandler) -> None:
    handler.wfile.write(b"HTTP/1.0 200 OK\r\n\r\n")
    while True:
        handler.wfile.write(b"x" * 65536)


def test_an_endless_body_ends_at_the_limit(pbx):
    pbx.say = endless
    assert outgoing.post(pbx.url(), b"", keep_bytes=100).body == b"x" * 100
    with pytest.raises(outgoing.AnswerTooLarge), outgoing.download(pbx.url(), most_bytes=200_000) as body:
        for _ in body:
            assert body.size <= 200_000


def test_a_body_that_announces_too_much_is_not_begun(pbx):
    pbx.say = lambda handler: handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 5000000000\r\n\r\n")
    with pytest.raises(outgoing.AnswerTooLarge), outgoing.download(pbx.url(), most_bytes=1000) as body:
        list(body)


def test_a_body_that_breaks_off_is_not_taken_for_whole(pbx):
    pbx.say = lambda handler: handler.wfile.write(b"HTTP/1.0 200 OK\r\nContent-Length: 500\r\n\r\nabc")
    with pytest.raises(outgoing.Unreachable), outgoing.download(pbx.url(), most_bytes=1000) as body:
        list(body)


def test_nothing_is_unpacked_and_the_hash_is_of_what_was_sent(pbx):
    packed = gzip.compress(b"0" * 1_000_000)
    head = b"HTTP/1.0 200 OK\r\nContent-Encoding: gzip\r\n\r\n"
    pbx.say = lambda handler: handler.wfile.write(head + packed)
    with outgoing.download(pbx.url(), most_bytes=10_000) as body:
        assert b"".join(body) == packed
    assert (body.size, body.sha256) == (len(packed), hashlib.sha256(packed).hexdigest())


def test_what_goes_wrong_with_the_reader_is_not_blamed_on_the_server(pbx):
    with pytest.raises(OSError, match="disk full"), outgoing.download(pbx.url(), most_bytes=1000):
        raise OSError("disk full")


def test_nobody_at_the_address_is_told(settings):
    settings.OUTGOING_ALLOWED_NETWORKS = LOOPBACK
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
    with pytest.raises(outgoing.Unreachable):
        outgoing.post(f"http://127.0.0.1:{port}/", b"")


@pytest.mark.parametrize("value", ["a\r\nX-Other: 1", "żółć €"])
def test_a_header_cannot_carry_another(pbx, value):
    with pytest.raises(outgoing.UrlForbidden):
        outgoing.post(pbx.url(), b"", {"X-Token": value})
    assert pbx.asked == []


def certificate(folder, *names: str):
    from cryptography import x509
    from cryptography.hazmat.primitives import hashes, serialization
    from cryptography.hazmat.primitives.asymmetric import ec

    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, names[0])])
    now = datetime.now(UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key()).serial_number(1)
    made = made.not_valid_before(now - timedelta(days=1)).not_valid_after(now + timedelta(days=1))
    made = made.add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
    made = made.add_extension(x509.SubjectAlternativeName([x509.DNSName(text) for text in names]), critical=False)
    signed = made.sign(key, hashes.SHA256())
    form = (serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    (folder / "cert.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(key.private_bytes(*form))


def test_tls_is_checked_for_the_name_though_the_connection_goes_to_an_address(pbx, settings, tmp_path):
    certificate(tmp_path, "pbx.example")
    asked: list[str | None] = []
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(tmp_path / "cert.pem", tmp_path / "key.pem")
    context.sni_callback = lambda sock, name, _: asked.append(name)
    pbx.server.socket = context.wrap_socket(pbx.server.socket, server_side=True)

    with pytest.raises(outgoing.CertificateRefused):  # nobody vouches for it
        outgoing.post(f"https://pbx.example:{pbx.port}/", b"", resolver=only("127.0.0.1"))
    settings.OUTGOING_CA_FILE = str(tmp_path / "cert.pem")
    with pytest.raises(outgoing.CertificateRefused):  # it is another's
        outgoing.post(f"https://other.example:{pbx.port}/", b"", resolver=only("127.0.0.1"))
    assert outgoing.post(f"https://pbx.example:{pbx.port}/", b"", resolver=only("127.0.0.1")).body == b"hello"
    assert asked == ["pbx.example", "other.example", "pbx.example"]


def test_a_line_is_kept_from_post_to_post_is_made_anew_when_it_was_closed_and_ends_in_time(pbx):
    """A server may close what rests; one that trickles costs its time and no more, on a kept connection too."""
    peers: list[int] = []
    plain = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"

    def say(handler: BaseHTTPRequestHandler) -> None:
        peers.append(handler.client_address[1])
        handler.wfile.write(plain)
        handler.close_connection = len(peers) == 2  # without saying so: the third post finds it closed

    pbx.server.RequestHandlerClass.protocol_version = "HTTP/1.1"
    pbx.say = say
    line = outgoing.Line(pbx.url())
    assert [line.post(b"x").body for _ in range(4)] == [b"ok"] * 4
    assert peers[0] == peers[1] != peers[2] == peers[3] and len(pbx.asked) == 4

    def trickle(handler: BaseHTTPRequestHandler) -> None:
        for byte in plain:
            handler.wfile.write(bytes([byte]))
            time.sleep(0.1)

    pbx.say = trickle
    began = time.monotonic()
    with pytest.raises(outgoing.TimedOut):
        line.post(b"x", whole_s=0.5)
    assert time.monotonic() - began < 1.5
    pbx.say = lambda handler: handler.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 9000\r\n\r\n" + b"x" * 9000)
    assert len(line.post(b"x", keep_bytes=100).body) == 100
    pbx.say = lambda handler: handler.wfile.write(plain)
    assert line.post(b"x").ok, "an answer that was not read to its end is not taken for the next one"
    line.close()
