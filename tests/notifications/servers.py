"""Servers that speak just enough SMTP and HTTP to take a mail from us, to refuse it, or to say nothing at all."""

import json
import socketserver
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, HTTPServer


class _Smtp(socketserver.StreamRequestHandler):
    def handle(self):
        self._say("220 test")
        for line in self.rfile:
            command = line.decode().strip()
            verb = command.upper()
            if verb == "DATA":
                self._say("354 go on")
                self.server.received.append(self._message())
                self._say("250 kept")
            elif verb.startswith("RCPT") and self.server.refuses:
                self._say("550 5.1.1 no such person")
            elif verb == "QUIT":
                return self._say("221 bye")
            else:
                self._say("250 fine")
        return None

    def _message(self):
        lines = []
        for line in self.rfile:
            if line == b".\r\n":
                break
            lines.append(line.removeprefix(b"."))
        return b"".join(lines)

    def _say(self, answer):
        self.wfile.write(f"{answer}\r\n".encode())


class _Silence(socketserver.BaseRequestHandler):
    def handle(self):
        self.server.released.wait(20)


class _Threaded(socketserver.ThreadingTCPServer):
    allow_reuse_address = True
    daemon_threads = True


@contextmanager
def smtp_server(*, refuses=False, is_silent=False):
    """Its port, and the messages that it has received."""
    with _Threaded(("127.0.0.1", 0), _Silence if is_silent else _Smtp) as server:
        server.received, server.refuses, server.released = [], refuses, threading.Event()
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server.server_address[1], server.received
        server.released.set()
        server.shutdown()


class _MailApi(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.received.append((self.path, dict(self.headers), json.loads(body)))
        self.send_response(self.server.status)
        self.send_header("Content-Type", "application/json")
        self.end_headers()
        self.wfile.write(b'{"id": "taken"}')

    def log_message(self, *_):
        pass


@contextmanager
def mail_api(*, status=202):
    """The address of a provider's HTTP API, and the requests that it has received."""
    server = HTTPServer(("127.0.0.1", 0), _MailApi)
    server.received, server.status = [], status
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_address[1]}/", server.received
    server.shutdown()
    server.server_close()
