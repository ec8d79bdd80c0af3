from __future__ import annotations

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from ops_dashboard.inspect import refused_part_names
from ops_dashboard.inspect.refused_part_names import RefusedPartNames

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)


class Bucket:
    """Lists objects by key, in pages of two, and counts the listings."""

    def __init__(self, stored: dict[str, datetime]) -> None:
        self.stored, self.listings = stored, 0
        self.is_listing, self.may_list = threading.Event(), threading.Event()
        self.may_list.set()

    def get_paginator(self, _operation: str) -> Bucket:
        return self

    def paginate(self, *, Bucket: str, Prefix: str) -> Iterator[dict[str, Any]]:  # noqa: N803 - AWS's names
        assert Bucket == "output"
        self.listings += 1
        self.is_listing.set()
        assert self.may_list.wait(10)
        names = sorted(name for name in self.stored if name.startswith(Prefix))
        for at in range(0, len(names), 2):
            page = names[at : at + 2]
            yield {"Contents": [{"Key": each, "LastModified": self.stored[each]} for each in page]}


class Clock:
    """Is a millisecond later each time that it is read."""

    def __init__(self) -> None:
        self.now_s, self.reads = 0.0, 0
        self.is_read_twice = threading.Event()

    def __call__(self) -> float:
        self.now_s += 0.001
        self.reads += 1
        if self.reads > 1:
            self.is_read_twice.set()
        return self.now_s


def key(batch: str, part: int = 1) -> str:
    return f"failed/rows/{batch}/part-{part:05d}.jsonl"


def names_of(stored: dict[str, datetime]) -> tuple[RefusedPartNames, Bucket, Clock]:
    bucket, clock = Bucket(stored), Clock()
    s3: Any = bucket
    return RefusedPartNames(s3, "output", clock), bucket, clock


def test_the_newest_parts_are_kept_whatever_their_batches_are_called(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(refused_part_names, "MAX_LISTED", 2)
    stored = {key(name): NOON + timedelta(hours=at) for at, name in enumerate("dcba")}
    listed = names_of(stored)[0].newest(None)
    assert [each.batch_id for each in listed.parts] == ["a", "b"]
    assert not listed.complete
    assert names_of(stored)[0].newest("d").complete


def test_other_objects_are_no_parts() -> None:
    listed = names_of({key("a"): NOON, "failed/rows/a/notes.txt": NOON})[0].newest(None)
    assert [each.key for each in listed.parts] == [key("a")]
    assert listed.complete


def test_a_page_lists_anew_and_a_poll_takes_what_is_known_for_a_while() -> None:
    names, bucket, clock = names_of({key("a"): NOON})
    names.newest(None)
    bucket.stored[key("b")] = NOON
    assert len(names.newest(None, max_age_s=60).parts) == 1
    clock.now_s += 60
    assert len(names.newest(None, max_age_s=60).parts) == 2
    assert bucket.listings == 2
    bucket.stored[key("c")] = NOON
    assert len(names.newest(None).parts) == 3


def test_who_asks_while_parts_are_listed_shares_the_listing() -> None:
    """A page asks for failures and their totals at once."""
    names, bucket, clock = names_of({key("a"): NOON})
    bucket.may_list.clear()
    with ThreadPoolExecutor(2) as threads:
        first = threads.submit(names.newest, None)
        assert bucket.is_listing.wait(10)
        second = threads.submit(names.newest, None)
        assert clock.is_read_twice.wait(10)
        bucket.may_list.set()
        assert first.result() is second.result()
    assert bucket.listings == 1
