"""A person without AWS opens a link and uploads photos by plain HTTP, until the link ends."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from urllib.error import HTTPError
from urllib.parse import urlsplit
from urllib.request import Request, urlopen

import pytest

from ops_dashboard.local.aws.stack import LocalAws
from rendition_lambda.recipe import MEGABYTE
from rendition_lambda.uploading.signed import PART_BYTES
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.photo_stack import PhotoStack
from tests.fakes.command_line import Commands

pytestmark = pytest.mark.timeout(240)

LARGE = 2 * PART_BYTES + 5
PHOTO = b"a photo, as far as S3 knows"


class Guest:
    """Somebody with a link, and nothing else."""

    def __init__(self, endpoint: str, link: str) -> None:
        url = urlsplit(link)
        self._endpoint, self._host, self._path = endpoint, url.netloc, url.path
        self.link = url.fragment

    def get(self, name: str = "") -> tuple[int, str]:
        return self._send(Request(f"{self._endpoint}{self._path}{name}"))  # noqa: S310 - of the embedded AWS

    def ask(self, action: str, **fields: object) -> tuple[int, Any]:
        body = json.dumps({"link": self.link, **fields}).encode()
        request = Request(f"{self._endpoint}{self._path}{action}", data=body)  # noqa: S310 - as above
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


def put(url: str, body: bytes) -> int:
    status, _ = send(Request(url, data=body, method="PUT"))  # noqa: S310 - as above
    return status


class LinkedStack:
    """A deployed stack with upload links, and the command line of whoever operates it."""

    def __init__(self, aws: LocalAws, outputs: PhotosOutputs, commands: Commands) -> None:
        self.aws, self.outputs, self.commands = aws, outputs, commands

    def guest(self, *options: str) -> Guest:
        """Issue a link by the command, and return its holder."""
        return Guest(self.aws.endpoint, self.link(*options)["url"])

    def link(self, *arguments: str) -> Any:  # noqa: ANN401 - JSON
        """Run ``ops-dashboard photos link`` and return what it prints."""
        ran = self.commands.run("ops-dashboard", "photos", "link", *arguments, "--json")
        assert ran.code == 0, ran.err
        return json.loads(ran.out)

    def listed(self, gallery: str | None) -> dict[str, Any]:
        """Return the only link of a gallery, as it is listed."""
        (found,) = (each for each in self.link("list") if each["gallery"] == gallery)
        return dict(found)

    def object(self, key: str) -> dict[str, Any]:
        s3 = self.aws.clients.s3
        return dict(s3.head_object(Bucket=self.outputs.uploads_bucket, Key=key))


@pytest.fixture
def stack(
    photo_stack: PhotoStack, commands: Commands, monkeypatch: pytest.MonkeyPatch
) -> LinkedStack:
    for name, value in photo_stack.aws.environment().items():
        monkeypatch.setenv(name, value)
    return LinkedStack(photo_stack.aws, photo_stack.photos, commands)


def test_a_guest_uploads_photos_by_plain_http(stack: LinkedStack) -> None:
    guest = stack.guest("--gallery=wedding", "--files=3", "--bytes=100MB")
    status, page = guest.get()
    assert (status, "Upload photos" in page) == (200, True)

    file: dict[str, object] = {"name": "a ü.jpg", "bytes": len(PHOTO), "modified": 5}
    status, begun = guest.ask("begin", **file, content_type="image/jpeg")
    assert (status, begun["missing"]) == (200, [1])
    _, signed = guest.ask("parts", name="a ü.jpg", numbers=[1])
    assert put(signed["parts"][0]["url"], PHOTO[:-1]) == HTTPStatus.FORBIDDEN
    assert put(signed["parts"][0]["url"], PHOTO) == HTTPStatus.OK
    for _ in range(2):  # the first answer may be lost
        assert guest.ask("complete", name="a ü.jpg") == (200, {})
    assert guest.ask("begin", **file)[1]["missing"] == []
    assert guest.ask("begin", **{**file, "modified": 6})[0] == HTTPStatus.CONFLICT
    stored = stack.object("wedding/a ü.jpg")
    assert (stored["ContentType"], stored["ContentLength"]) == ("image/jpeg", len(PHOTO))

    status, begun = guest.ask("begin", name="big.tif", bytes=LARGE)
    assert begun["missing"] == [1, 2, 3]
    send_parts(guest, [1, 3])
    assert guest.ask("complete", name="big.tif")[0] == HTTPStatus.PRECONDITION_REQUIRED
    assert guest.ask("begin", name="big.tif", bytes=LARGE)[1]["missing"] == [2]
    send_parts(guest, [2])
    assert guest.ask("complete", name="big.tif") == (200, {})
    assert stack.object("wedding/big.tif")["ContentLength"] == LARGE

    status, offer = guest.ask("describe")
    assert (offer["files_left"], offer["bytes_left"]) == (1, 100 * MEGABYTE - len(PHOTO) - LARGE)


def test_a_link_ends_with_its_files_and_when_it_is_revoked(stack: LinkedStack) -> None:
    guest = stack.guest("--recipe=augmentation", "--files=1")
    assert guest.ask("begin", name="cat.jpg", bytes=5)[0] == HTTPStatus.OK
    _, signed = guest.ask("parts", name="cat.jpg", numbers=[1])
    assert "/original-uploads/cat.jpg?" in signed["parts"][0]["url"]
    status, refused = guest.ask("begin", name="dog.jpg", bytes=5)
    assert (status, refused["error"]) == (403, "this link is used up: it was for 1 file")

    link = stack.listed(None)
    assert (link["state"], link["files"]) == ("used up", 1)
    assert stack.link("revoke", link["id"]) == {"revoked": [link["id"]]}
    assert guest.ask("describe") == (403, {"error": "this link was withdrawn"})
    assert stack.listed(None)["state"] == "revoked"


def test_no_log_has_a_link(stack: LinkedStack) -> None:
    guest = stack.guest("--gallery=secret")
    assert guest.ask("describe")[0] == HTTPStatus.OK
    logs = stack.aws.clients.untyped("logs")
    group = f"/aws/lambda/{stack.outputs.links_function}"
    lines = [each["message"] for each in logs.filter_log_events(logGroupName=group)["events"]]
    assert any('"action":"describe"' in line for line in lines)
    assert not any(guest.link[:40] in line or guest.link[-40:] in line for line in lines)


def send_parts(guest: Guest, numbers: list[int]) -> None:
    _, signed = guest.ask("parts", name="big.tif", numbers=numbers)
    for part in signed["parts"]:
        assert put(part["url"], bytes(part["bytes"])) == HTTPStatus.OK
