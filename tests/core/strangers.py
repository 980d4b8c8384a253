"""Servers of strangers: they answer well, badly, slowly, or with far too much. Real HTTP, over TLS if wanted."""

import datetime
import gzip
import ipaddress
import socketserver
import ssl
import threading
import time
import zlib
from contextlib import contextmanager

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

CALENDAR = b"BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:-//x//EN\r\nEND:VCALENDAR\r\n"


class _Stranger(socketserver.StreamRequestHandler):
    def handle(self):
        head = []
        for line in self.rfile:
            if line in (b"\r\n", b"\n"):
                break
            head.append(line.decode().strip())
        if not head:
            return
        self.server.asked.append(head)
        try:
            self.server.behave(self.wfile, self.server.released)
        except OSError:
            pass  # the reader had enough


class _Server(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True
    context = None

    def get_request(self):
        connection, address = super().get_request()
        if self.context is not None:
            connection.settimeout(5)
            connection = self.context.wrap_socket(connection, server_side=True)
        return connection, address

    def handle_error(self, *_):
        pass


@contextmanager
def stranger(behave, *, certificate=None):
    """A running server and its port; `asked` has the lines of each request. `behave(wfile, released)` answers."""
    with _Server(("127.0.0.1", 0), _Stranger) as server:
        server.asked, server.behave, server.released = [], behave, threading.Event()
        if certificate is not None:
            server.context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            server.context.load_cert_chain(certificate)
        server.port = server.server_address[1]
        threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        yield server
        server.released.set()
        server.shutdown()


def answer(body=CALENDAR, *, status="200 OK", headers=(), length=True):
    """Answers with this and is done."""
    lines = [f"HTTP/1.1 {status}", *headers]
    if length:
        lines.append(f"Content-Length: {len(body)}")
    head = "\r\n".join([*lines, "", ""]).encode()

    def behave(wfile, _released):
        wfile.write(head + body)

    return behave


def packed(body):
    return answer(gzip.compress(body), headers=["Content-Encoding: gzip"])


def bomb(megabytes):
    """A small gzip that unpacks to zeros without end."""

    def behave(wfile, _released):
        wfile.write(b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n")
        pack = zlib.compressobj(9, wbits=31)
        for _ in range(megabytes):
            wfile.write(pack.compress(bytes(1024 * 1024)))
        wfile.write(pack.flush())

    return behave


def endless(wfile, released):
    wfile.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/calendar\r\n\r\n")
    while not released.is_set():
        wfile.write(bytes(64 * 1024))


def silent(_wfile, released):
    released.wait(20)


def dripping(before):
    """One byte at a time: of the head, or of the body after it."""

    def behave(wfile, released):
        wfile.write(before)
        while not released.is_set():
            wfile.write(b"X")
            wfile.flush()
            time.sleep(0.05)

    return behave


def certificate_for(*names, folder):
    """A file with key and certificate that its own issuer is, for these names and addresses."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, names[0])])
    now = datetime.datetime.now(datetime.UTC)
    built = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([_name(name) for name in names]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = folder / f"{names[0]}.pem"
    file.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
        + built.public_bytes(serialization.Encoding.PEM)
    )
    return file


def _name(name):
    try:
        return x509.IPAddress(ipaddress.ip_address(name))
    except ValueError:
        return x509.DNSName(name)
