"""The page of photos needs exactly the rights that the documentation has for `serve`."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any

import pytest

from ops_dashboard.console.account import Account
from tests.fakes.ops.photos import STACK, UPLOADS, OpsPhotos
from tests.models.authorized import allowing, authorizations
from tests.models.recording import Request
from tests.ops_dashboard.console.running import RunningConsole
from tools.rights.names import SERVING
from tools.rights.photos import OPERATOR_OF_PHOTOS
from tools.rights.roles import ROLES

GRANTS = [grant for grant in ROLES["operator"] if set(grant.commands) & set(SERVING)]
OF_PHOTOS = {grant.sid for grant in OPERATOR_OF_PHOTOS} & {grant.sid for grant in GRANTS}


@pytest.fixture
def requests(photos_account: Account) -> Iterator[list[Request]]:
    """Every request that the page's clients send or sign from now on."""
    access, found = photos_account.photos, list[Request]()
    assert access is not None

    def record(params: Any, model: Any, **_: object) -> None:  # noqa: ANN401 - botocore's own
        found.append(
            Request(
                service=model.service_model.signing_name,
                operation=model.name,
                parameters=dict(params),
                shape=None,
            )
        )

    dynamodb = access.pages._dynamodb  # noqa: SLF001 - a client
    sqs = access.requests._sqs  # noqa: SLF001 - as above
    with ExitStack() as stack:
        for client in (access.s3, access.presigner, sqs, dynamodb):
            events: Any = client.meta.events
            events.register("before-parameter-build.*.*", record)
            stack.callback(events.unregister, "before-parameter-build.*.*", record)
        yield found


def use_everything(console: RunningConsole, photos: OpsPhotos) -> None:
    def post(path: str, body: object) -> Any:  # noqa: ANN401 - any JSON
        answer = console.post(f"/api/photos/{path}", body)
        assert answer.status < 300, answer.text
        return answer.json

    file = {"gallery": "g", "name": "b.jpg", "bytes": 5}
    post("uploads", file)
    upload = post("uploads", {**file, "name": "c.jpg", "bytes": 17 << 20})["upload"]
    post("uploads/parts", {"upload": upload, "numbers": [1]})
    for number, size in ((1, 8 << 20), (2, 8 << 20), (3, 1 << 20)):
        photos.s3.upload_part(
            Bucket=UPLOADS,
            Key=upload["key"],
            UploadId=upload["upload_id"],
            PartNumber=number,
            Body=bytes(size),
        )
    post("uploads/sent", {"upload": upload})
    post("uploads/complete", {"upload": upload})
    post("uploads/abort", {"upload": upload})
    post("states", {"keys": ["g/a.jpg"]})
    post("render", {"key": "g/a.jpg"})
    for path in (
        "/api/photos?gallery=g",
        "/api/photos/galleries",
        "/media/photos/output?key=renditions/g/a_small.jpg",
        "/media/photos/original?key=g/a.jpg",
    ):
        assert console.get(path).status < 400


def test_the_page_needs_exactly_its_documented_rights(
    photos_console: RunningConsole, photos: OpsPhotos, requests: list[Request]
) -> None:
    photos.active("g/a.jpg")
    photos.s3.put_object(Bucket=UPLOADS, Key="g/a.jpg", Body=b"12345")
    requests.clear()
    use_everything(photos_console, photos)

    statements = [grant.statement(STACK) for grant in GRANTS]
    used, denied = set(), set()
    for request in requests:
        for needed in authorizations(request):
            sid = allowing(statements, needed)
            used.add(sid)
            if sid is None:
                denied.add((needed.action, needed.resource))
    assert denied == set()
    assert used == OF_PHOTOS
