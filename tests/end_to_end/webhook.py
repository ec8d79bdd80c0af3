"""An HTTPS server that keeps what a webhook receives."""

from __future__ import annotations

import json
import ssl
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

from tests.end_to_end.waiting import wait_for


@dataclass(frozen=True)
class Received:
    """One request."""

    headers: Mapping[str, str]
    body: Mapping[str, Any]


PATIENCE_S = 150


@dataclass(frozen=True)
class Webhook:
    """The address of a server, and all that it has received."""

    url: str
    received: list[Received] = field(default_factory=list)

    def about(self, batch_id: str) -> list[Received]:
        """Return what it has received about a batch; wait for it: a sweep each minute ends it."""

        def found() -> list[Received]:
            return [each for each in self.received if each.body["batch_id"] == batch_id]

        wait_for(found, f"nothing about {batch_id}", PATIENCE_S)
        return found()


@contextmanager
def webhook(certificate: Path) -> Iterator[Webhook]:
    """Serve with a certificate, whose key is beside it, during a ``with`` block."""
    received: list[Received] = []

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            received.append(Received(dict(self.headers), json.loads(body)))
            self.send_response(204)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(certificate, certificate.with_suffix(".key"))
        server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield Webhook(f"https://127.0.0.1:{server.server_port}/hook", received)
        server.shutdown()
        thread.join()
