"""Fetching from an address that somebody named: only from the public net, only so much, only so long."""

import ipaddress
import socket
import time
import tracemalloc

import pytest

from core import outbound
from core.outbound import OutboundError, Trouble, fetch, is_public
from tests.core.strangers import (
    CALENDAR,
    answer,
    bomb,
    certificate_for,
    dripping,
    endless,
    packed,
    silent,
    stranger,
)

PUBLIC = "93.184.216.34"
real_getaddrinfo = socket.getaddrinfo


@pytest.fixture
def local(settings):
    """As a developer who tries it on one machine."""
    settings.OUTBOUND_ALLOWS_LOCAL = True


def got(address, *, max_bytes=100_000, seconds=5.0):
    return fetch(address, accept="text/calendar", max_bytes=max_bytes, seconds=seconds)


def trouble(address, **limits):
    with pytest.raises(OutboundError) as caught:
        got(address, **limits)
    return caught.value.trouble


def resolves(monkeypatch, *answers):
    """Every name has these addresses, one list an answer; the last goes on. Returns the names that were asked for."""
    asked = []

    def getaddrinfo(host, port, *_, **__):
        found = answers[min(len(asked), len(answers) - 1)]
        asked.append(host)
        return [row for address in found for row in real_getaddrinfo(address, port, type=socket.SOCK_STREAM)]

    monkeypatch.setattr(outbound.socket, "getaddrinfo", getaddrinfo)
    return asked


@pytest.fixture
def no_connections(monkeypatch):
    tried = []
    monkeypatch.setattr(outbound.socket, "socket", lambda *_: tried.append(1) or 1 / 0)
    return tried


# --- Where to --------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "address",
    [
        *("127.0.0.1", "127.8.8.8", "0.0.0.0", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.1.1"),
        *("169.254.169.254", "169.254.0.1", "100.64.0.1", "100.100.100.200", "192.0.0.192", "198.18.0.1"),
        *("224.0.0.1", "240.0.0.1", "255.255.255.255", "168.63.129.16", "203.0.113.9"),
        *("::", "::1", "fe80::1", "fc00::1", "fd00:ec2::254", "ff02::1", "2001:db8::1"),
        *("::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254"),
        *("2002:7f00:1::", "2002:a9fe:a9fe::1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe"),
        "2001:0:4136:e378:8000:63bf:f5ff:fffe",  # Teredo around 10.0.0.1
    ],
)
def test_no_connection_goes_inside(monkeypatch, no_connections, address):
    assert not is_public(ipaddress.ip_address(address))
    resolves(monkeypatch, [address])
    assert trouble("https://calendar.example/a.ics") == Trouble.NOT_PUBLIC
    resolves(monkeypatch, [PUBLIC, address])
    assert trouble("https://calendar.example/a.ics") == Trouble.NOT_PUBLIC
    assert no_connections == []


@pytest.mark.parametrize(
    "address", [PUBLIC, "8.8.8.8", "2606:4700::1111", "64:ff9b::808:808", "2002:808:808::1"]
)
def test_public_addresses_are_public(address):
    assert is_public(ipaddress.ip_address(address))


@pytest.mark.parametrize(
    "host",
    ["127.0.0.1", "[::1]", "localhost", "2130706433", "0x7f.1", "0177.0.0.1", "127.1", "[::ffff:7f00:1]"],
)
def test_no_spelling_of_this_machine_is_let_through(host):
    """Through the system's own resolver, which understands more spellings than any parser of ours."""
    with stranger(answer()) as server:
        found = trouble(f"https://{host}:8443/a.ics")
        assert found in (Trouble.NOT_PUBLIC, Trouble.HOST_UNKNOWN)
        assert server.asked == []


@pytest.mark.parametrize(
    "address",
    [
        *("http://calendar.example/a.ics", "ftp://calendar.example/a", "file:///etc/passwd", "gopher://x/"),
        *("https://", "https:///a.ics", "calendar.example/a.ics", "", "javascript:alert(1)", "https://[::1"),
        *("https://calendar.example:22/a.ics", "https://calendar.example:5432/", "https://x:99999/"),
        *("https://user:secret@calendar.example/a.ics", "https://user@calendar.example/"),
        *("https://calendar.example/a b", "https://calendar.example/a\r\nHost: other", "https://xn--é/"),
        "https://calendar.example/" + "x" * 2000,
    ],
)
def test_other_addresses_are_not_asked_at_all(monkeypatch, no_connections, address):
    asked = resolves(monkeypatch, [PUBLIC])
    assert trouble(address) == Trouble.ADDRESS
    assert asked == []
    assert no_connections == []


def test_the_connection_goes_to_the_address_that_was_checked(monkeypatch):
    """A name server that answers 127.0.0.1 the second time is never asked a second time."""
    asked = resolves(monkeypatch, [PUBLIC], ["127.0.0.1"])
    tried = []

    class Socket:
        def __init__(self, *_):
            pass

        def settimeout(self, _):
            pass

        def connect(self, target):
            tried.append(target)
            raise ConnectionRefusedError

        def close(self):
            pass

    monkeypatch.setattr(outbound.socket, "socket", Socket)
    assert trouble("https://calendar.example/a.ics") == Trouble.UNREACHABLE
    assert asked == ["calendar.example"]
    assert tried == [(PUBLIC, 443)]


def test_local_addresses_are_never_allowed_without_debug():
    from tests.platform.test_read_environment import settings_with

    names = {"ENV_FILES": "deploy/check.env", "OUTBOUND_ALLOWS_LOCAL": "true"}
    assert settings_with(names, "OUTBOUND_ALLOWS_LOCAL") == [False]


def test_a_name_that_nobody_has(monkeypatch):
    def unknown(*_, **__):
        raise socket.gaierror(-2, "Name or service not known")

    monkeypatch.setattr(outbound.socket, "getaddrinfo", unknown)
    assert trouble("https://calendar.example/a.ics") == Trouble.HOST_UNKNOWN


# --- Over TLS --------------------------------------------------------------------------------------------------


@pytest.fixture
def trusted(monkeypatch, tmp_path):
    """`trusted(file)`: certificates of this file are believed."""

    def believe(file):
        monkeypatch.setenv("SSL_CERT_FILE", str(file))
        outbound._tls.cache_clear()

    yield believe
    monkeypatch.undo()
    outbound._tls.cache_clear()


def test_name_is_proven_although_the_connection_goes_to_an_address(monkeypatch, local, trusted, tmp_path):
    certificate = certificate_for("calendar.example", folder=tmp_path)
    trusted(certificate)
    resolves(monkeypatch, ["127.0.0.1"])
    with stranger(answer(), certificate=certificate) as server:
        assert got(f"https://calendar.example:{server.port}/a.ics?key=1") == CALENDAR
        assert server.asked[0][:2] == ["GET /a.ics?key=1 HTTP/1.1", f"Host: calendar.example:{server.port}"]
        assert trouble(f"https://other.example:{server.port}/a.ics") == Trouble.CERTIFICATE


def test_a_certificate_that_nobody_vouches_for(monkeypatch, local, tmp_path):
    certificate = certificate_for("calendar.example", folder=tmp_path)
    resolves(monkeypatch, ["127.0.0.1"])
    with stranger(answer(), certificate=certificate) as server:
        assert trouble(f"https://calendar.example:{server.port}/a.ics") == Trouble.CERTIFICATE
        assert server.asked == []


def test_a_server_that_speaks_no_tls(local):
    with stranger(answer()) as server:
        assert trouble(f"https://127.0.0.1:{server.port}/a.ics", seconds=2) in (
            Trouble.CERTIFICATE,
            Trouble.UNREACHABLE,
            Trouble.TOO_SLOW,
        )


# --- What comes ------------------------------------------------------------------------------------------------


def at(behave, **limits):
    """The trouble with such a server."""
    with stranger(behave) as server:
        return trouble(f"http://127.0.0.1:{server.port}/a.ics", **limits)


@pytest.mark.parametrize(
    "behave",
    [
        answer(),
        answer(length=False),
        answer(headers=["Content-Type: text/html"]),
        packed(CALENDAR),
        answer(
            f"{len(CALENDAR):x}\r\n".encode() + CALENDAR + b"\r\n0\r\n\r\n",
            headers=["Transfer-Encoding: chunked"],
            length=False,
        ),
    ],
)
def test_what_a_server_answers_well_is_had(local, behave):
    with stranger(behave) as server:
        assert got(f"http://127.0.0.1:{server.port}/a.ics") == CALENDAR


@pytest.mark.parametrize(
    "place", ["http://127.0.0.1:1/", "https://calendar.example/b.ics", "//169.254.169.254/latest", "/b.ics"]
)
@pytest.mark.parametrize("status", ["301 Moved", "302 Found", "307 Elsewhere", "308 Gone on"])
def test_nobody_is_followed_elsewhere(monkeypatch, local, status, place):
    with stranger(answer(b"", status=status, headers=[f"Location: {place}"])) as server:
        assert trouble(f"http://127.0.0.1:{server.port}/a.ics") == Trouble.MOVED
        assert len(server.asked) == 1


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        *(("401 No", Trouble.REFUSED), ("403 No", Trouble.REFUSED), ("404 No", Trouble.REFUSED)),
        *(("429 Later", Trouble.SERVER), ("500 Oh", Trouble.SERVER), ("503 Oh", Trouble.SERVER)),
        ("204 Nothing", Trouble.SERVER),
    ],
)
def test_what_a_server_refuses(local, status, expected):
    assert at(answer(b"", status=status)) == expected


def test_too_much_is_cut_off(local):
    assert at(answer(bytes(100_001))) == Trouble.TOO_LARGE
    assert at(endless) == Trouble.TOO_LARGE
    assert at(packed(bytes(100_001))) == Trouble.TOO_LARGE
    with stranger(packed(bytes(100_000))) as server:
        assert got(f"http://127.0.0.1:{server.port}/a.ics") == bytes(100_000)


def test_a_bomb_does_not_unpack_in_memory(local):
    tracemalloc.start()
    try:
        assert at(bomb(megabytes=200), max_bytes=1_000_000) == Trouble.TOO_LARGE
        assert tracemalloc.get_traced_memory()[1] < 8_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "behave",
    [
        silent,
        dripping(b""),
        dripping(b"HTTP/1.1 200 OK\r\nX-Long: "),
        dripping(b"HTTP/1.1 200 OK\r\n\r\n"),
        dripping(b"HTTP/1.1 100 Continue\r\n\r\n"),
    ],
)
def test_the_deadline_holds_for_all_of_it(local, behave):
    began = time.monotonic()
    assert at(behave, seconds=0.6) in (Trouble.TOO_SLOW, Trouble.UNREADABLE)
    assert time.monotonic() - began < 2


@pytest.mark.parametrize(
    "behave",
    [
        answer(b"not gzip", headers=["Content-Encoding: gzip"]),
        answer(CALENDAR, headers=["Content-Encoding: br"]),
        answer(CALENDAR[:10], headers=[f"Content-Length: {len(CALENDAR)}"], length=False),
        answer(b"ff\r\nshort", headers=["Transfer-Encoding: chunked"], length=False),
        lambda wfile, _: wfile.write(b"SSH-2.0-OpenSSH_9\r\n"),
        lambda wfile, _: wfile.write(b""),
        lambda wfile, _: wfile.write(b"HTTP/1.1 200 OK\r\n" + b"A: b\r\n" * 200 + b"\r\n"),
        lambda wfile, _: wfile.write(b"HTTP/1.1 200 OK\r\nA: " + b"b" * 70_000 + b"\r\n\r\n"),
    ],
)
def test_what_is_no_answer(local, behave):
    assert at(behave) == Trouble.UNREADABLE


def test_a_gzip_that_breaks_off(local):
    import gzip

    whole = gzip.compress(CALENDAR * 50)
    assert at(answer(whole[:-9], headers=["Content-Encoding: gzip"])) == Trouble.UNREADABLE


def test_an_error_tells_nobody_the_address(local):
    behave = answer(b"secret words", status="500 secret words")
    with stranger(behave) as server, pytest.raises(OutboundError) as caught:
        got(f"http://127.0.0.1:{server.port}/secret-key.ics")
    chain, error = "", caught.value
    while error is not None:
        chain += repr(error)
        error = error.__cause__ or (None if error.__suppress_context__ else error.__context__)
    assert "secret" not in chain
    assert str(server.port) not in chain


def test_no_proxy_of_the_environment_is_used(local, monkeypatch):
    for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:1")
    with stranger(answer()) as server:
        assert got(f"http://127.0.0.1:{server.port}/a.ics") == CALENDAR
