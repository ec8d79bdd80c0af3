"""The same bytes in several windows: of one creator over the horizon, and of several creators."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import Any

import pytest

from collage_lambda.assembly.content_memory import ContentMemory
from collage_lambda.messages import Message
from collage_lambda.outcomes import Ending
from stream_ingest.contracts.events import WindowReady
from tests.fakes.collage.aws import TABLE
from tests.fakes.collage.events import CLOSED_AT, window_image, window_ready
from tests.fakes.collage.worker_bench import COLOURS, HORIZON_DAYS, WHITE, WorkerBench, shows
from tests.fakes.ingest.threads import InlineExecutor
from tests.faults.harness.aws.values import item_bytes


@pytest.fixture(autouse=True)
def content_dedup(bench: WorkerBench) -> None:
    bench.content_dedup = True
    bench.server.bodies["again"] = bench.server.bodies["0"]


def window(bench: WorkerBench, number: int, *paths: str, **changes: object) -> WindowReady:
    images = [
        window_image(bench.server.url(path), identity=f"{number}-{path}-{at}")
        for at, path in enumerate(paths)
    ]
    return window_ready(images, number=number, **changes)


def reasons(bench: WorkerBench, event: WindowReady) -> list[str | None]:
    return [cell.get("detail", cell.get("reason")) for cell in bench.metadata(event)["cells"]]


def test_bytes_that_an_earlier_window_shows_are_not_shown_again(bench: WorkerBench) -> None:
    first, second = window(bench, 1, "body/0", "body/1"), window(bench, 2, "body/again", "body/2")
    bench.work(first)
    bench.work(second)
    assert reasons(bench, second) == ["as in window charli:000001", None]
    cells = bench.cells(second)
    assert shows(cells[0], WHITE)
    assert shows(cells[1], COLOURS[2])
    assert bench.metadata(second)["failures"] == {"same_bytes": 1}
    assert bench.aws.window(second.window_id)["status"] == "partial"


def test_a_window_shows_its_own_images_again_in_redeliveries_retries_and_replays(
    bench: WorkerBench,
) -> None:
    first, second = window(bench, 1, "body/0"), window(bench, 2, "body/again", "body/1")
    bench.work(first)
    bench.work(second)
    assert bench.work(first).ending is Ending.ALREADY_DONE
    for name in ("one", "two"):
        for event in (second, first):
            assert bench.work(event, replay=name).ending is Ending.CREATED
        assert reasons(bench, first) == [None]
        assert reasons(bench, second) == ["as in window charli:000001", None]


def test_a_window_that_died_after_it_recorded_its_images_shows_them_later(
    bench: WorkerBench,
) -> None:
    event = window(bench, 1, "body/0")
    bench.windows.claim(event, replay=None, owner="dies", lease_s=1)
    memory_of(bench).claim(event, [sha256_of(bench, "0")])
    bench.clock.now_s += 60
    assert bench.work(event).ending is Ending.CREATED
    assert reasons(bench, event) == [None]


def memory_of(bench: WorkerBench) -> ContentMemory:
    return ContentMemory(
        bench.aws.dynamodb, TABLE, horizon_days=HORIZON_DAYS, threads=InlineExecutor()
    )


def sha256_of(bench: WorkerBench, name: str) -> str:
    return hashlib.sha256(bench.server.bodies[name]).hexdigest()


def test_the_window_that_is_built_first_shows_the_image(bench: WorkerBench) -> None:
    """Messages have no order: the later window may be built first, and then it keeps the image."""
    later, earlier = window(bench, 2, "body/0"), window(bench, 1, "body/again", "body/1")
    bench.work(later)
    bench.work(earlier)
    assert reasons(bench, earlier) == ["as in window charli:000002", None]
    bench.work(later, replay="again")
    assert reasons(bench, later) == [None]


def test_an_image_is_shown_again_after_the_horizon(bench: WorkerBench) -> None:
    horizon = timedelta(days=HORIZON_DAYS)
    first = window(bench, 1, "body/0")
    within = window(bench, 2, "body/again", "body/1", closed_at=CLOSED_AT + horizon)
    after = window(bench, 3, "body/again", closed_at=CLOSED_AT + horizon + timedelta(seconds=1))
    for event in (first, within, after):
        bench.work(event)
    assert reasons(bench, within) == ["as in window charli:000001", None]
    assert reasons(bench, after) == [None]
    bench.work(first, replay="again")
    assert reasons(bench, first) == [None]


def test_a_batch_without_deduplication_shows_what_the_creator_already_has(
    bench: WorkerBench,
) -> None:
    first, again = window(bench, 1, "body/0"), window(bench, 2, "body/again", dedup=False)
    bench.work(first)
    bench.work(again)
    assert reasons(bench, again) == [None]
    third = window(bench, 3, "body/0", "body/1")
    bench.work(third)
    assert reasons(bench, third) == ["as in window charli:000001", None]


def test_creators_do_not_share_their_images(bench: WorkerBench) -> None:
    for creator in ("ann", "ben"):
        event = window(bench, 1, "body/0", creator=creator, window_id=f"{creator}:000001")
        bench.work(event)
        assert reasons(bench, event) == [None]


def test_a_window_without_any_image_of_its_own_fails_with_the_reason(bench: WorkerBench) -> None:
    bench.work(window(bench, 1, "body/0"))
    second = window(bench, 2, "body/again")
    assert bench.work(second).ending is Ending.FAILED
    assert bench.metadata(second)["failures"] == {"same_bytes": 1}


def test_a_rebuild_that_is_not_published_takes_no_image(bench: WorkerBench) -> None:
    """It has fewer images than the collage that exists, which stays."""
    first = window(bench, 1, "body/1", "body/2", "body/late")
    bench.work(first, keep_originals=False)
    bench.server.bodies["late"] = bench.server.bodies["0"]
    bench.server.bodies.pop("1")
    bench.server.bodies.pop("2")
    assert bench.work(first, replay="again").ending is Ending.KEPT
    second = window(bench, 2, "body/0")
    bench.work(second)
    assert reasons(bench, second) == [None]


def test_without_the_setting_windows_are_not_compared(bench: WorkerBench) -> None:
    bench.content_dedup = False
    first, second = window(bench, 1, "body/0"), window(bench, 2, "body/again")
    bench.work(first)
    bench.work(second)
    assert reasons(bench, second) == [None]


def test_one_write_unit_is_used_for_each_image(bench: WorkerBench) -> None:
    """The cost that the setting's documentation states."""
    calls: list[dict[str, Any]] = []
    bench.aws.dynamodb.meta.events.register(
        "before-parameter-build.dynamodb", lambda params, **_: calls.append(params)
    )
    event = window(bench, 1, "body/0", "body/1", "body/2")
    memory_of(bench).claim(event, [sha256_of(bench, name) for name in ("0", "1", "2")])
    assert len(calls) == 3
    item = bench.aws.dynamodb.get_item(
        TableName=TABLE,
        Key={
            "creator_name": {"S": "charli"},
            "item": {"S": f"content#{sha256_of(bench, '0')}"},
        },
    )["Item"]
    assert item_bytes(item) < 1_024
    assert int(item["expires_at"]["N"]) > CLOSED_AT.timestamp() + HORIZON_DAYS * 86_400


def test_an_image_of_several_creators_is_recognised_once_by_the_stack(bench: WorkerBench) -> None:
    """Each window has its own process here; the image repeats within each creator."""
    named = []
    for creator in ("ann", "ben", "cy", "di"):
        event = window(
            bench, 1, "body/0", "body/again", creator=creator, window_id=f"{creator}:000001"
        )
        build = bench.work(event).build
        assert build is not None
        named.append(build.placeholder_suspects)
    assert named == [[], [], [sha256_of(bench, "0")], []]


def test_an_image_that_repeats_across_creators_only_is_recognised_too(bench: WorkerBench) -> None:
    """A process that meets it at two creators counts both."""
    worker, named = bench.worker(), []
    for creator in ("ann", "ben", "cy", "di"):
        event = window(bench, 1, "body/0", creator=creator, window_id=f"{creator}:000001")
        outcome = worker.work(Message(event=event), owner="me", remaining_s=60)
        assert outcome.build is not None
        named.append(outcome.build.placeholder_suspects)
    assert named == [[], [], [sha256_of(bench, "0")], []]


def test_an_image_that_does_not_repeat_is_not_counted(bench: WorkerBench) -> None:
    bench.work(window(bench, 1, "body/0", "body/1"))
    items = bench.aws.dynamodb.scan(TableName=TABLE)["Items"]
    assert not [item for item in items if item["creator_name"]["S"].startswith("content#")]
