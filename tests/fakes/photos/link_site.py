"""The page of upload links on a loopback port, with S3 (moto's) for what it signs."""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3

from rendition_lambda.links.pages import Pages
from rendition_lambda.links.routes import Routes
from stream_ingest.aws.presigning import PRESIGNING
from tests.fakes.photos.link_stack import BUCKET, LinkStack


class LinkSite(LinkStack):
    """A stack with links, and where its page is."""

    def __init__(self, s3: Any, address: str) -> None:  # noqa: ANN401 - a boto3 client
        super().__init__(s3, boto3.client("s3", config=PRESIGNING, endpoint_url=address))
        self.address = address
        self.routes = Routes(self.api, Pages(address))
        self.parts_sent: list[int] = []
        """Numbers of the parts that S3 was sent whole."""

    def url(self, text: str) -> str:
        return f"{self.address}/upload/#{text}"

    def size(self, key: str) -> int:
        return int(self.s3.head_object(Bucket=BUCKET, Key=key)["ContentLength"])

    def answer(self, method: str, path: str, body: bytes) -> dict[str, Any]:
        """Answer as the function does."""
        event = {
            "rawPath": path,
            "headers": {"content-type": "application/json"},
            "requestContext": {"http": {"method": method}},
            "body": body.decode(),
        }
        return self.routes.answer(event)

    def store_part(self, url: str, body: bytes) -> str:
        """Store what was sent to a signed URL; return the ETag."""
        place = urlsplit(url)
        signed = {name: values[0] for name, values in parse_qs(place.query).items()}
        bucket, _, key = unquote(place.path).removeprefix("/").partition("/")
        stored = self.s3.upload_part(
            Bucket=bucket,
            Key=key,
            UploadId=signed["uploadId"],
            PartNumber=int(signed["partNumber"]),
            Body=io.BytesIO(body),
        )
        self.parts_sent.append(int(signed["partNumber"]))
        return str(stored["ETag"])


@contextmanager
def link_site(s3: Any) -> Iterator[LinkSite]:  # noqa: ANN401 - a boto3 client
    """Serve the page of links of a new stack."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self) -> None:
            self._answer(site.answer("GET", urlsplit(self.path).path, b""))

        def do_POST(self) -> None:
            self._answer(site.answer("POST", urlsplit(self.path).path, self._body()))

        def do_PUT(self) -> None:
            etag = site.store_part(self.path, self._body())
            self._answer({"statusCode": 200, "headers": {"ETag": etag}, "body": ""})

        def _body(self) -> bytes:
            return self.rfile.read(int(self.headers["Content-Length"]))

        def _answer(self, answer: dict[str, Any]) -> None:
            body = answer["body"].encode()
            self.send_response(answer["statusCode"])
            for name, value in answer["headers"].items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Print nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    site = LinkSite(s3, f"http://127.0.0.1:{server.server_port}")
    thread = Thread(target=server.serve_forever)
    thread.start()
    try:
        yield site
    finally:
        server.shutdown()
        thread.join()
        server.server_close()
