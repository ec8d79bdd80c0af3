"""Whether every window has the objects that it has to have, each once, and says so truly."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from collage_lambda.output.keys import WindowKeys, keys_of
from stream_ingest.contracts import table
from stream_ingest.contracts.events import CollageCreated, CollageFailed
from stream_ingest.contracts.table import WindowStatus
from tests.fakes.ingest.aws import OUTPUT, TEMP
from tests.faults.harness.stage import Stage
from tests.faults.harness.studio import picture, shown_in

if TYPE_CHECKING:
    from tests.faults.harness.checks.table import Window

_NOT_OF_WINDOWS = ("failed/", "aws/lambda/", "results/")


def check_objects(stage: Stage, windows: Sequence[Window]) -> None:
    """Every window has ended; what is in the bucket, in the table and on the bus is the same."""
    expected: set[str] = set()
    for window in windows:
        keys = keys_of(window.event)
        status = window.status["status"]
        assert status in table.ENDED, (window.event.window_id, status)
        assert not {"due_at", "due_shard", "lease_owner", "lease_until"} & window.status.keys()
        if status == WindowStatus.FAILED:
            expected.add(keys.metadata)
            _check_failure(stage, window, keys)
        else:
            expected |= {keys.collage, keys.by_creator, keys.thumbnail, keys.metadata}
            _check_collage(stage, window, keys)
    found = {key for key in stage.s3.keys(OUTPUT) if not key.startswith(_NOT_OF_WINDOWS)}
    assert found == expected
    kept = {w.status["originals_key"] for w in windows if "originals_key" in w.status}
    temp = {key for key in stage.s3.keys(TEMP) if not key.startswith("prefetched/")}
    assert kept <= temp <= {keys_of(w.event).originals for w in windows}


def _check_collage(stage: Stage, window: Window, keys: WindowKeys) -> None:
    window_id, status = window.event.window_id, window.status
    wanted = [image.identity for image in window.event.images]
    collage = stage.s3.read(OUTPUT, keys.collage)
    shown = shown_in(collage)
    assert shown == [each for each in wanted if each in shown], window_id
    assert not set(shown) & stage.covers.gone, window_id
    assert not set(wanted) - set(shown) - stage.covers.missed, f"{window_id}: had, but not shown"
    assert (status["status"] == WindowStatus.COMPLETED) is (shown == wanted), window_id
    counts = int(status["images_ok"]), int(status["images_failed"])
    assert counts == (len(shown), len(wanted) - len(shown)), window_id
    sha256 = hashlib.sha256(collage).hexdigest()
    assert status["collage_sha256"] == sha256, window_id
    assert stage.s3.read(OUTPUT, keys.by_creator) == collage, window_id
    assert stage.s3.read(OUTPUT, keys.thumbnail) == picture("thumbnail", shown), window_id
    _check_metadata(stage, window, keys, sha256, shown)
    created = [each for each in stage.told(CollageCreated) if each["window_id"] == window_id]
    told = {each["sha256"] for each in created}
    versions = stage.s3.versions[OUTPUT, keys.collage]
    assert sha256 in told, f"{window_id} was never announced"
    assert told <= {hashlib.sha256(version.body).hexdigest() for version in versions}
    sizes = [len(shown_in(version.body)) for version in versions]
    assert sizes == sorted(sizes), f"{window_id}: a collage gave way to one with fewer images"


def _check_failure(stage: Stage, window: Window, keys: WindowKeys) -> None:
    window_id, status = window.event.window_id, window.status
    assert (int(status["images_ok"]), status.get("collage_key")) == (0, None), window_id
    assert int(status["images_failed"]) == window.event.image_count
    wanted = {image.identity for image in window.event.images}
    assert wanted <= stage.covers.missed, f"{window_id}: failed, but images could be had"
    _check_metadata(stage, window, keys, None, [])
    failures = [each for each in stage.told(CollageFailed) if each["window_id"] == window_id]
    assert failures, f"{window_id} was never announced"


def _check_metadata(
    stage: Stage, window: Window, keys: WindowKeys, sha256: str | None, shown: list[str]
) -> None:
    metadata = json.loads(stage.s3.read(OUTPUT, keys.metadata))
    assert metadata["window_id"] == window.event.window_id
    assert metadata["collage_sha256"] == sha256, f"{window.event.window_id}: metadata of another"
    ok = [cell["identity"] for cell in metadata["cells"] if cell["status"] == "ok"]
    assert ok == shown, window.event.window_id
