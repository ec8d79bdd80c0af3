"""A person without AWS opens a link and uploads photos by plain HTTP, until the link ends."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Iterator
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest
from PIL import Image

from ops_dashboard.local.aws.stack import LocalAws
from rendition_lambda.uploading.signed import PART_BYTES
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)

PATIENCE_S = 90
SETTINGS = {"photos": True, "photosCdn": True, "photosUploadLinks": True}
LARGE = 2 * PART_BYTES + 5


class Guest:
    """Somebody with a link, and nothing else."""

    def __init__(self, endpoint: str, link: str) -> None:
        url = urlsplit(link)
        self._endpoint, self._host, self._path = endpoint, url.netloc, url.path
        self._link = url.fragment

    def get(self, name: str = "") -> tuple[int, str]:
        return self._send(Request(f"{self._endpoint}{self._path}{name}"))

    def ask(self, action: str, **fields: object) -> tuple[int, Any]:
        body = json.dumps({"link": self._link, **fields}).encode()
        request = Request(f"{self._endpoint}{self._path}{action}", data=body)
        request.add_header("Content-Type", "application/json")
        status, text = self._send(request)
        return status, json.loads(text)

    def _send(self, request: Request) -> tuple[int, str]:
        request.add_header("Host", self._host)
        request.add_header("X-Forwarded-Proto", "https")
        return send(request)


def send(request: Request) -> tuple[int, str]:
    """Send a request and return status and body of its answer."""
    try:
        with urlopen(request, timeout=60) as answer:  # noqa: S310 - of the embedded AWS
            return answer.status, answer.read().decode()
    except HTTPError as error:
        return error.code, error.read().decode()


def put(url: str, body: bytes, headers: dict[str, str]) -> int:
    status, _ = send(Request(url, data=body, method="PUT", headers=headers))  # noqa: S310 - as above
    return status


class LinkedStack:
    """A deployed stack with upload links, and the command line of whoever operates it."""

    def __init__(self, aws: LocalAws, outputs: PhotosOutputs, commands: Commands) -> None:
        self.aws, self.outputs, self.commands = aws, outputs, commands

    def guest(self, *options: str) -> Guest:
        """Issue a link by the command, and return its holder."""
        issued = self.commands.json("ops-dashboard", "photos", "link", *options, "--json")
        return Guest(self.aws.endpoint, issued["url"])

    def object(self, key: str) -> dict[str, Any]:
        s3 = self.aws.clients.s3
        return dict(s3.head_object(Bucket=self.outputs.uploads_bucket, Key=key))

    def when_active(self, gallery: str, key: str) -> dict[str, Any]:
        deadline = time.monotonic() + PATIENCE_S
        while True:
            found = self.aws.clients.dynamodb.get_item(
                TableName=self.outputs.table,
                Key=to_wire({"gallery": gallery, "photo": key}),
                ConsistentRead=True,
            )
            item = from_wire(found.get("Item", {}))
            if item.get("status") == "active":
                return item
            assert time.monotonic() < deadline, item
            time.sleep(0.2)
