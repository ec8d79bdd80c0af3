"""What came out of faulty batches against what was generated: every difference is a line."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec

from ops_dashboard.local.demo.check import (
    collage_differences,
    expected_id,
    figure_differences,
    window_in,
)
from ops_dashboard.local.samples.expected import ExpectedBatch
from ops_dashboard.local.samples.generator import Sample
from stream_ingest.contracts.naming import creator_key
from tests.end_to_end.faulty_stack import LAYOUT, FaultyStack
from tests.end_to_end.pipeline import Pipeline

_KINDS = ["BatchCompleted", "BatchDrained", "CollageCreated", "WindowReady"]


def differences(
    stack: FaultyStack, sample: Sample, batch_id: str, may_lack: frozenset[str] = frozenset()
) -> list[str]:
    """Compare every figure, cell, object and event of a batch that has ended.

    `may_lack` are the names of events that it may have ended without.
    """
    found: dict[str, Any] = msgspec.to_builtins(stack.progress(batch_id))
    rows = found["rows_accepted"] + sum(found["refused"].values())
    return [
        *figure_differences({**sample.expectation.summary(), "open_images": 0}, found),
        *_unlike("rows read and rows accounted for in", batch_id, rows, found["rows_read"]),
        *image_differences(stack, sample.expectation),
        *event_differences(stack, sample.expectation, batch_id, may_lack),
        *dead_letters(stack),
    ]


def image_differences(stack: FaultyStack, expectation: ExpectedBatch) -> list[str]:
    """Compare each window's status, objects and cells."""
    lines: list[str] = []
    collages: dict[str, bytes] = {}
    for creator in expectation.cells:
        lines += _window_differences(stack, expectation, creator)
        collages |= objects_of(stack, "collages/2", creator)
    return lines + collage_differences(expectation, collages, LAYOUT)


def _window_differences(
    stack: FaultyStack, expectation: ExpectedBatch, creator: str
) -> Iterator[str]:
    ids = [expected_id(each) for each in expectation.windows_of(creator)]
    windows = stack.windows_of(creator)
    yield from _unlike("windows of", creator, [w["status"] for w in windows], _done(len(ids)))
    left = [w["window_id"] for w in windows if {"due_at", "lease_owner"} & w.keys()]
    yield from _unlike("still due or leased of", creator, left, [])
    collages = objects_of(stack, "collages/2", creator)
    copies = objects_of(stack, f"collages/by-creator/{creator_key(creator)}/", creator)
    thumbnails = objects_of(stack, "thumbnails/", creator)
    metadata = objects_of(stack, "metadata/", creator)
    yield from _unlike("collages of", creator, sorted(collages), ids)
    yield from _unlike("copies of", creator, sorted(copies), ids)
    yield from _unlike("thumbnails of", creator, sorted(thumbnails), ids)
    yield from _unlike("metadata of", creator, sorted(metadata), ids)
    if copies != collages:
        yield f"{creator}: a copy is not its collage"


def _done(count: int) -> list[str]:
    return ["completed"] * count


def objects_of(stack: Pipeline, prefix: str, creator: str) -> dict[str, bytes]:
    """Return a creator's objects by window id; no window may have two."""
    windows = {key: window_in(Path(key).name) for key in stack.keys(prefix)}
    own = {
        key: window
        for key, window in windows.items()
        if window.rpartition(":")[0] == creator_key(creator)
    }
    assert len(set(own.values())) == len(own), own
    return {window: stack.read(key) for key, window in own.items()}


def event_differences(
    stack: FaultyStack, expectation: ExpectedBatch, batch_id: str, may_lack: frozenset[str]
) -> Iterator[str]:
    """Compare the events on the bus: each window, each collage, the end, and nothing else."""

    def emitted(kind: str) -> list[dict[str, Any]]:
        return [e["detail"] for e in stack.events_of(batch_id) if e["detail-type"] == kind]

    if "BatchDrained" not in may_lack:
        # It may be emitted by a redelivery after a sweep has ended the batch.
        stack.wait(lambda: bool(emitted("BatchDrained")), "BatchDrained was not emitted")
    wanted = [expected_id(each) for each in expectation.windows()]
    for kind in ("WindowReady", "CollageCreated"):
        windows = {detail["window_id"] for detail in emitted(kind)}
        yield from _unlike(kind, batch_id, sorted(windows), sorted(wanted))
    for detail in emitted("BatchCompleted"):
        yield from figure_differences(dict(expectation.summary()), detail)
    kinds = {event["detail-type"] for event in stack.events_of(batch_id)}
    yield from _unlike("kinds of events of", batch_id, sorted(kinds | may_lack), _KINDS)


def dead_letters(stack: Pipeline) -> Iterator[str]:
    """Yield each dead-letter queue that is not empty."""
    for name, url in stack.outputs.dead_letter_urls.items():
        attributes = stack.aws.clients.sqs.get_queue_attributes(
            QueueUrl=url, AttributeNames=["ApproximateNumberOfMessages"]
        )["Attributes"]
        count = attributes["ApproximateNumberOfMessages"]
        yield from _unlike("dead letters in", name, count, "0")


def _unlike(what: str, whose: str, found: object, wanted: object) -> Iterator[str]:
    if found != wanted:
        yield f"{what} {whose}: expected {wanted}, found {found}"
