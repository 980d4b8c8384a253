"""The one way out: HTTP requests to addresses that somebody else named (docs/calendars.md).

Whoever names an address would like to reach what only our servers reach: the database's host, the cloud's metadata.
So the name is resolved once, every answer must be a public address, and the connection is made to the address that
was checked, not to the name: a second answer of a hostile name server is never asked for. Only https, only the usual
ports, no redirects, no proxy, one deadline for all of it, and no more bytes than agreed, compressed or not.
"""

import io
import ipaddress
import socket
import ssl
import time
import zlib
from collections.abc import Iterator
from contextlib import closing
from enum import StrEnum
from functools import cache
from http.client import HTTPException, HTTPResponse
from typing import Any, cast
from urllib.parse import SplitResult, urlsplit

from django.conf import settings

PORTS = {443, 8443}
MAX_ADDRESS = 2000
USER_AGENT = "MentalSpace/1 (reads calendars)"
_CHUNK = 64 * 1024
_NOT_PUBLIC_EITHER = tuple(
    map(ipaddress.ip_network, ("168.63.129.16/32", "192.0.0.0/24", "192.88.99.0/24", "64:ff9b:1::/48"))
)
"""What Python calls global, in one of its versions or in all: a cloud's own agents (Azure, Oracle), and relays."""
_NAT64 = ipaddress.ip_network("64:ff9b::/96")

Address = ipaddress.IPv4Address | ipaddress.IPv6Address


class Trouble(StrEnum):
    """What may go wrong on the way; each is told in other words."""

    ADDRESS = "address"
    HOST_UNKNOWN = "host_unknown"
    NOT_PUBLIC = "not_public"
    UNREACHABLE = "unreachable"
    CERTIFICATE = "certificate"
    TOO_SLOW = "too_slow"
    MOVED = "moved"
    REFUSED = "refused"
    SERVER = "server"
    TOO_LARGE = "too_large"
    UNREADABLE = "unreadable"


class OutboundError(Exception):
    """It was not fetched. Carries a code only: neither the address nor what the server said."""

    def __init__(self, trouble: Trouble) -> None:
        self.trouble = trouble
        super().__init__(trouble.value)


def fetch(address: str, *, accept: str, max_bytes: int, seconds: float) -> bytes:
    """The body that GET answers with status 200, unpacked. Raises OutboundError.

    `max_bytes` bounds what is read and what it unpacks to, `seconds` all of it, from the name to the last byte. Looking
    the name up is bounded by the system's resolver alone. Call it outside of transactions.
    """
    parts = checked_address(address)
    deadline = time.monotonic() + seconds
    host, port = cast(str, parts.hostname), _port(parts)
    with closing(_connected(host, port, deadline, is_tls=parts.scheme == "https")) as wire:
        try:
            response = _ask(wire, parts, accept)
            _require_success(response.status)
            return _body(response, max_bytes)
        except TimeoutError:
            raise OutboundError(Trouble.TOO_SLOW) from None
        except (OSError, HTTPException, ValueError):
            raise OutboundError(Trouble.UNREADABLE) from None


def checked_address(address: str) -> SplitResult:
    """Its parts, when it is one that we would ask at all. Raises OutboundError; asks nobody yet."""
    try:
        parts = urlsplit(address)
        is_good = bool(parts.hostname) and _is_usual(parts) and not (parts.username or parts.password)
    except ValueError:
        is_good = False
    if (
        not is_good
        or len(address) > MAX_ADDRESS
        or not address.isascii()
        or not address.isprintable()
        or " " in address
    ):
        raise OutboundError(Trouble.ADDRESS)
    return parts


def is_public(address: Address) -> bool:
    """Whether it leads out of the house: not ourselves, the local network, the cloud's inside, a group, or nobody."""
    inner = _inner(address)
    if inner is not None:
        return is_public(inner)
    return (
        address.is_global
        and not address.is_multicast
        and not address.is_reserved
        and not any(address in network for network in _NOT_PUBLIC_EITHER)
    )


def _inner(address: Address) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside an IPv6 one, by which the network would reach it."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if address in _NAT64:
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else None)


def _is_usual(parts: SplitResult) -> bool:
    if settings.OUTBOUND_ALLOWS_LOCAL:
        return parts.scheme in ("http", "https")
    return parts.scheme == "https" and _port(parts) in PORTS


def _port(parts: SplitResult) -> int:
    return parts.port or (443 if parts.scheme == "https" else 80)


# --- The connection ---------------------------------------------------------------------------------------------


def _connected(host: str, port: int, deadline: float, *, is_tls: bool) -> "_Wire":
    addresses = _resolved(host, port)
    last = Trouble.UNREACHABLE
    for family, target in addresses:
        plain = None
        try:
            plain = socket.socket(family, socket.SOCK_STREAM)
            plain.settimeout(_left(deadline))
            plain.connect(target)
            if is_tls:
                plain.settimeout(_left(deadline))
                return _Wire(_tls().wrap_socket(plain, server_hostname=host), deadline)
            return _Wire(plain, deadline)
        except ssl.SSLError:
            last = Trouble.CERTIFICATE
        except TimeoutError:
            last = Trouble.TOO_SLOW
        except (OSError, ValueError):
            last = Trouble.UNREACHABLE
        if plain is not None:
            plain.close()
    raise OutboundError(last)


def _resolved(host: str, port: int) -> list[tuple[int, Any]]:
    """(family, address to connect to) of every answer. One that is not public spoils all: the name is not honest."""
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError):
        raise OutboundError(Trouble.HOST_UNKNOWN) from None
    if not settings.OUTBOUND_ALLOWS_LOCAL:
        for *_, target in answers:
            if not is_public(ipaddress.ip_address(str(target[0]).partition("%")[0])):
                raise OutboundError(Trouble.NOT_PUBLIC)
    return [(family, target) for family, *_, target in answers]


def _left(deadline: float) -> float:
    left = deadline - time.monotonic()
    if left <= 0:
        raise TimeoutError
    return left


@cache
def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


class _Wire(io.RawIOBase):
    """A socket whose every reading and writing ends at the deadline: a server that drips bytes does not outlast it."""

    def __init__(self, connected: socket.socket, deadline: float) -> None:
        self.socket, self.deadline = connected, deadline

    def sendall(self, data: bytes) -> None:
        self.socket.settimeout(_left(self.deadline))
        self.socket.sendall(data)

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        self.socket.settimeout(_left(self.deadline))
        return self.socket.recv_into(buffer)

    def makefile(self, *_: object, **__: object) -> io.BufferedReader:
        return io.BufferedReader(self, _CHUNK)

    def close(self) -> None:
        super().close()
        self.socket.close()


# --- The conversation -------------------------------------------------------------------------------------------


def _ask(wire: _Wire, parts: SplitResult, accept: str) -> HTTPResponse:
    lines = [
        f"GET {_target(parts)} HTTP/1.1",
        f"Host: {parts.netloc}",
        f"User-Agent: {USER_AGENT}",
        f"Accept: {accept}",
        "Accept-Encoding: gzip",
        "Connection: close",
    ]
    wire.sendall("".join(f"{line}\r\n" for line in [*lines, ""]).encode("ascii"))
    response = HTTPResponse(wire, method="GET")  # type: ignore[arg-type]  # of a socket it asks makefile() only
    response.begin()
    return response


def _target(parts: SplitResult) -> str:
    return (parts.path or "/") + (f"?{parts.query}" if parts.query else "")


def _require_success(status: int) -> None:
    if status == 200:
        return
    if 300 <= status < 400:
        raise OutboundError(Trouble.MOVED)
    raise OutboundError(Trouble.REFUSED if 400 <= status < 500 and status != 429 else Trouble.SERVER)


def _body(response: HTTPResponse, max_bytes: int) -> bytes:
    encoding = (response.getheader("Content-Encoding") or "identity").strip().lower()
    if encoding not in ("identity", "gzip", "x-gzip"):
        raise OutboundError(Trouble.UNREADABLE)
    unpacked = (
        _unpacked(_chunks(response, max_bytes), max_bytes)
        if "gzip" in encoding
        else _chunks(response, max_bytes)
    )
    content = b"".join(unpacked)
    if response.length:  # it ended before what it had announced
        raise OutboundError(Trouble.UNREADABLE)
    return content


def _chunks(response: HTTPResponse, max_bytes: int) -> Iterator[bytes]:
    total = 0
    while chunk := response.read(_CHUNK):
        total += len(chunk)
        if total > max_bytes:
            raise OutboundError(Trouble.TOO_LARGE)
        yield chunk


def _unpacked(chunks: Iterator[bytes], max_bytes: int) -> Iterator[bytes]:
    """gunzip, one piece at a time: what unpacks to more than agreed is noticed before it is in memory."""
    unpack, total = zlib.decompressobj(wbits=31), 0
    for chunk in chunks:
        rest, piece = chunk, b""
        while rest or len(piece) == _CHUNK:
            try:
                piece = unpack.decompress(rest, _CHUNK)
            except zlib.error:
                raise OutboundError(Trouble.UNREADABLE) from None
            total += len(piece)
            if total > max_bytes:
                raise OutboundError(Trouble.TOO_LARGE)
            yield piece
            rest = unpack.unconsumed_tail
    if not unpack.eof:
        raise OutboundError(Trouble.UNREADABLE)
