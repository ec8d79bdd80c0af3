"""Bad parameters of the console's API are answered with 4xx and a reason, never with 500.

Every route of the application is in the table, so that a new endpoint is tested as well.
"""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from urllib.parse import quote

import boto3
import pytest

from ops_dashboard.console.account import Account
from ops_dashboard.console.server import make_app, new_access
from tests.fakes.ingest.aws import OUTPUT
from tests.ops_dashboard.console.running import Response, RunningConsole

HUGE = "9" * 4_400
"""More digits than `int` reads."""
TEXTS = (
    *("-1", "1.0", HUGE, f"1.{HUGE}", f"{'9' * 30}.0", "../../etc/passwd", "a/b", "..", "\0"),
    *(
        "s3://x/y",
        "s3://A B/y",
        "s3://",
        "s3:///",
        "\u202e",
        "é" * 300,
        "charli:000001",
        f"charli:{HUGE}",
        "=FF:000001",
        "²",
        "e30=",
    ),
)
PARAMETERS = {
    "/api/windows": (
        *("status", "batch", "creator", "after", "reason", "kind", "from", "to", "newer"),
    ),
    "/api/search": ("q",),
    "/api/search/creators": ("q",),
    "/api/creators": ("prefix", "after"),
    "/api/creator": ("name", "after"),
    "/api/dashboard": ("range", "from", "to"),
    "/api/alarms": (),
    "/api/alarms/{}": (),
    "/api/alarms/{}/chart": (),
    **{
        f"/api/failures{what}": (
            *("what", "batch", "creator", "reason", "kind", "status", "from", "to", "discarded"),
            *(("after", "newer") if not what else ()),
        )
        for what in ("", "/totals", "/ids", "/csv")
    },
    "/api/windows/{}": (),
    "/api/windows/{}/timeline": ("logs",),
    "/api/windows/{}/next-failure": (),
    "/media/{}/{}": (),
    "/static/{}/{}": (),
    "/api/batches": ("outcome", "trigger", "from", "to", "after"),
    "/api/batches/{}": (),
    "/api/batches/{}/windows": (),
    "/api/batches/{}/report.csv": (),
    "/api/batches/{}/refused.csv": (),
    "/api/batches/{}/collages.zip": (),
    "/batches/{}": (),
    "/api/failures/counts": (),
    "/api/failures/letters": ("all",),
    "/api/replays": (),
    "/api/replays/{}/windows": ("page",),
    "/api/photos": ("gallery", "status", "after"),
    "/api/photos/limits": (),
    "/api/photos/jobs": (),
    "/api/photos/galleries": ("prefix",),
    "/api/photos/one": ("key",),
    "/media/photos/output": ("key",),
    "/media/photos/original": ("key",),
    "/api/uploads": (),
    "/api/uploads/all": (),
    "/api/uploads/defaults": (),
    "/login": ("token", "next"),
    "/api/ready": (),
}
PARTS = {
    "type": "parts",
    "key": "g/a.jpg",
    "upload_id": "x",
    "bytes": 20 << 20,
    "replace": False,
    "nonce": "n",
    "part_bytes": 8 << 20,
}
REPLAYS: tuple[object, ...] = (
    {"from": "0001-01-01"},
    {"from": "9999-12-31T23:59:59"},
    {"from": "0001-01-01", "to": "9999-12-31T23:59:59"},
    {"from": "last_9999_weeks", "to": "9999-12-31"},
    {"from": "2025-02-30"},
    {"windows": ["charli:999999999999"]},
    {"windows": ["charli"]},
    {"windows": ["", "\ud7ff:000001", "\0"]},
    {"creators": [""]},
    {"creators": ["x" * 500], "from": "2026-01-01"},
    {"retry": True, "batch": "no such batch"},
    {"retry": True, "batch": "a/../b"},
)
BODIES: dict[str, tuple[object, ...]] = {
    **{
        f"/api/windows/{what}": (
            {"ids": [""]},
            {"ids": ["x"] * 49},
            {"ids": ["charli:000001", "/"]},
        )
        for what in ("states", "empty-cells")
    },
    "/api/replays": REPLAYS,
    "/api/replays/count": REPLAYS,
    "/api/replays/{}/cancel": ({},),
    "/api/replays/{}/resume": ({},),
    "/api/failures/discard": (
        {},
        {"windows": []},
        {"windows": [""]},
        {"windows": ["ann:000001"] * 201},
        {"windows": ["ann:000001", "../x"], "undo": True},
        {"rows": [""]},
        {"rows": ["0" * 32] * 201},
        {"rows": ["../" + "0" * 29]},
        {"rows": ["0" * 32 + "\n"]},
        {"rows": ["0" * 32], "windows": ["/"]},
    ),
    "/api/failures/redrive": ({}, {"ids": []}, {"ids": [""]}, {"ids": ["x"], "all": True}),
    "/api/failures/drop": (
        {},
        {"ids": []},
        {"ids": [""]},
        {"ids": [1]},
        {"ids": ["x"], "all": True},
    ),
    "/api/batches/{}/abandon": ({}, {"by": "x"}),
    "/api/photos/states": ({"keys": [""]}, {"keys": ["x" * 2_000]}, {"keys": ["\ud7ff/\0"]}),
    "/api/photos/render": (
        {"key": ""},
        {"key": "../x"},
        {"key": "g/none.jpg", "again": False},
        {"key": "s3://"},
    ),
    "/api/photos/uploads": tuple(
        {"gallery": gallery, "name": name, "bytes": size}
        for gallery, name, size in (
            *(("g", name, 9) for name in ("", "..", "a/../b.jpg", "x" * 2_000, "\0.jpg", "a.txt")),
            *((gallery, "a.jpg", 9) for gallery in ("", "..", "a/b", "original-uploads", "\u202e")),
            *(("g", "a.jpg", size) for size in (0, -1, 1 << 60)),
            ("g", "a.jpg\r\nSet-Cookie: x=y", 9),
        )
    ),
    "/api/photos/uploads/check": ({"files": [{}]}, {"files": [{"name": "x"}] * 1_001}),
    **{
        f"/api/photos/uploads/{step}": (
            {},
            *(
                {"upload": {**PARTS, **change}, "numbers": [1, 99, -1]}
                for change in (
                    {},
                    {"key": ""},
                    {"key": "\0"},
                    {"bytes": 0},
                    {"bytes": 1 << 62},
                    {"part_bytes": 0},
                    {"part_bytes": -(8 << 20)},
                    {"upload_id": ""},
                    {"upload_id": "../../x?y=z"},
                )
            ),
        )
        for step in ("parts", "sent", "complete", "abort")
    },
    "/api/photos/uploads/stored": (
        {"key": "", "bytes": 1, "begun_at": "2026-11-29T10:00:00Z"},
        {"key": "g/a.jpg", "bytes": 1, "begun_at": "0001-01-01T00:00:00+23:59"},
        {"key": "g/a.jpg", "bytes": 1, "begun_at": "2026-11-29T10:00:00"},
    ),
    "/api/uploads": ({},),
    "/login": ({},),
}
NO_BODIES = (b"", b"{", b"[]", b"null", b"\xff", b"[" * 2_000, b'{"from": 1}', b'{"windows": [[]]}')


@pytest.fixture
def console(photos_console: RunningConsole) -> RunningConsole:
    """A console that has all endpoints."""
    return photos_console


def routes(account: Account) -> set[tuple[str, str]]:
    """Return method and path of every route, with ``{}`` for each variable part."""

    async def collect() -> set[tuple[str, str]]:
        app = make_app(account, new_access(None))
        found = set()
        for route in app.router.routes():
            info = route.resource.get_info() if route.resource else {}
            path = info.get("formatter") or info.get("path", "")
            for part in ("kind", "window_id", "batch_id", "name", "version"):
                path = path.replace(f"{{{part}}}", "{}")
            found.add((route.method, path))
        return found

    return asyncio.run(collect())


def test_every_endpoint_is_tried(photos_account: Account) -> None:
    found = routes(photos_account)
    gets = {path for method, path in found if method == "GET"}
    pages = {path for path in gets if path.count("/") == 1 and path != "/login"}
    assert gets - pages == PARAMETERS.keys()
    assert {path for method, path in found if method == "POST"} == BODIES.keys()


@pytest.fixture
def archive(moto_session: boto3.Session, account: Account) -> None:
    """The archive from which time ranges are replayed, and the rule that takes the events."""
    events, outputs = moto_session.client("events"), account.outputs
    bus = events.create_event_bus(Name=outputs.bus_name)["EventBusArn"]
    events.create_archive(ArchiveName=outputs.archive_arn.rpartition("/")[2], EventSourceArn=bus)
    events.put_rule(
        Name=outputs.window_rule_arn.rpartition("/")[2],
        EventBusName=outputs.bus_name,
        EventPattern='{"detail-type": ["WindowReady"]}',
    )


def requests(console: RunningConsole) -> Iterator[tuple[str, Response]]:
    for path, names in PARAMETERS.items():
        for text in TEXTS if "{}" in path else ():
            value = quote(text, safe="")
            yield f"{path} {text[:30]}", console.get(path.replace("{}", value))
        if path == "/media/{}/{}":
            yield path, console.get("/media/thumbnail/%00")
        for name in names:
            for text in TEXTS:
                there = path.replace("{}", "b")
                yield f"{path}?{name}={text[:30]}", console.get(f"{there}?{name}={quote(text)}")
    for path, bodies in BODIES.items():
        for body in (*bodies, *NO_BODIES):
            yield f"{path} {body!r:.60}", console.post(path.replace("{}", "b"), body)


@pytest.mark.usefixtures("archive")
def test_no_parameter_is_an_error_of_the_server(console: RunningConsole) -> None:
    failed = []
    for what, response in requests(console):
        has_reason = response.status < 400 or len(response.body) > 10
        if response.status >= 500 or not has_reason:
            failed.append((what, response.status, response.text[:120]))
    assert failed == []


@pytest.mark.parametrize("line", [b'{"reason": "of a later release"}', b"\xff", b"[]", b"{"])
def test_a_refused_row_that_cannot_be_read_is_named(
    console: RunningConsole, account: Account, line: bytes
) -> None:
    key = "failed/rows/odd/part-00001.jsonl"
    account.s3.put_object(Bucket=OUTPUT, Key=key, Body=line + b"\n")
    response = console.get("/api/failures?batch=odd&what=rows")
    assert response.status == 422
    assert response.json["error"].startswith(f"{key}, line 1 is no refused row: ")
