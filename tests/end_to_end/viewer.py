"""A viewer of the embedded CloudFront, which serves a distribution by the request's Host."""

from __future__ import annotations

import http.client
from dataclasses import dataclass
from email.message import Message
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Answer:
    """What a viewer gets."""

    status: int
    headers: Message
    body: bytes


@dataclass(frozen=True)
class Viewer:
    """Requests addresses from the embedded AWS at `endpoint`, whatever their domain is."""

    endpoint: str

    def get(self, url: str, method: str = "GET") -> Answer:
        """Request an address; its scheme is passed on, as a load balancer does."""
        parts = urlsplit(url)
        path = parts.path + (f"?{parts.query}" if parts.query else "")
        connection = http.client.HTTPConnection(urlsplit(self.endpoint).netloc, timeout=30)
        headers = {"Host": parts.netloc, "X-Forwarded-Proto": parts.scheme}
        try:
            connection.request(method, path, headers=headers)
            answer = connection.getresponse()
            return Answer(answer.status, answer.headers, answer.read())
        finally:
            connection.close()
