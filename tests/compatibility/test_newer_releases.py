"""What a newer release stores is kept as it is, or refused in words before anything is touched."""

from __future__ import annotations

import zlib
from base64 import b64decode
from collections.abc import Callable
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import msgspec
import pytest

from stream_ingest.aws.items import from_wire
from stream_ingest.batches.batch_item import new_item, read_batch
from stream_ingest.batches.progress import Batch
from stream_ingest.contracts.errors import DecodeError, UnreadableItemError, UserError
from stream_ingest.contracts.events import WindowReady, convert_detail
from stream_ingest.intake.jobs import decode_job
from stream_ingest.push.abandon import header_of
from stream_ingest.push.checkpoint import Checkpoint
from stream_ingest.push.watermark import PushWatermark
from stream_ingest.records.codec import pack, unpack
from stream_ingest.sources.mysql.address import MySqlAddress
from stream_ingest.windowing.rules.erasure import erase
from stream_ingest.windowing.state_item import read_state, state_item
from tests.compatibility.generations import HISTORY, UNRELEASED, account_of, recorded
from tests.fakes.ingest.aws import TABLE, create_table
from tests.fakes.ingest.rows import NOW_S, header
from tests.faults.harness.aws.dynamodb import FakeDynamoDb
from tests.faults.harness.checks.invariants import check_invariants

Body = list[Any]
ZOE = ("Zo=C3=AB", "state")


def state_of_zoe() -> dict[str, Any]:
    """Return the item of a creator with two open windows."""
    with account_of(UNRELEASED) as runner:
        return from_wire(runner.account.dynamodb.items[ZOE])


def changed(change: Callable[[Body], object]) -> dict[str, Any]:
    """Return the item with a body that a newer release would write."""
    item = state_of_zoe()
    body = msgspec.msgpack.decode(zlib.decompress(bytes(item["body"])))
    change(body)
    return {**item, "body": zlib.compress(msgspec.msgpack.encode(body))}


def window(body: Body) -> list[Any]:
    """Return the first open window of a body."""
    first: list[Any] = next(iter(body[1].values()))
    return first


def test_attributes_that_a_newer_release_added_to_a_state_are_kept() -> None:
    item = {**state_of_zoe(), "mood": "happy", "ranks": {"a": 1}}
    written = state_item(read_state(item), 9, None)
    assert (written["mood"], written["ranks"]) == ("happy", {"a": 1})
    assert written["version"] == 9


def test_an_attribute_that_this_release_removes_does_not_come_back() -> None:
    item = {**state_of_zoe(), "is_blocked": True, "due_at": 5}
    state = msgspec.structs.replace(read_state(item), is_blocked=False)
    written = state_item(state, 9, None)
    assert (written["is_blocked"], written["due_at"]) == (None, None)
    assert state.others == {}


def test_nothing_is_left_of_an_erased_creator() -> None:
    """What a newer release added may be about the person."""
    state = read_state({**state_of_zoe(), "mood": "happy"})
    assert "mood" not in state_item(erase(state, NOW_S, block=False).state, 2, None)


@pytest.mark.parametrize(
    ("item", "words"),
    [
        pytest.param(lambda: {**state_of_zoe(), "format": 2}, "format 2, this release", id="item"),
        pytest.param(lambda: changed(lambda b: b.__setitem__(0, 2)), "schema 2", id="schema"),
        pytest.param(
            lambda: changed(lambda b: (b.__setitem__(0, 2), b.__setitem__(1, "other"))),
            "schema 2, this release reads 1",
            id="schema of another shape",
        ),
        pytest.param(lambda: changed(lambda b: b.append({})), "at most length 4", id="body"),
        pytest.param(
            lambda: changed(lambda b: window(b).append(1)), "at most length 10", id="window"
        ),
        pytest.param(
            lambda: changed(lambda b: window(b)[4][0].append("x")), "at most length 6", id="image"
        ),
        pytest.param(
            lambda: changed(lambda b: next(iter(b[2].values())).append(1)),
            "at most length 2",
            id="watermark",
        ),
        pytest.param(
            lambda: changed(lambda b: window(b)[0].update(glow=3)),
            "unknown field `glow`",
            id="setting",
        ),
        pytest.param(
            lambda: changed(lambda b: window(b)[0]["flush"].update(kind="on-demand")),
            "Invalid enum value 'on-demand'",
            id="value",
        ),
    ],
)
def test_a_state_that_this_release_would_damage_is_refused_in_words(
    item: Callable[[], dict[str, Any]], words: str
) -> None:
    with pytest.raises(UnreadableItemError, match=words) as caught:
        read_state(item())
    assert (caught.value.partition, caught.value.sort) == ZOE


def test_one_creators_newer_state_stays_as_it_is_until_the_newer_release_is_back() -> None:
    """The others go on; afterwards nothing was lost or doubled."""
    with account_of(UNRELEASED) as runner:
        account = runner.account
        before = deepcopy(account.dynamodb.items[ZOE])
        account.dynamodb.items[ZOE]["format"] = {"N": "2"}
        for push in runner.pushes:
            push.run()
        for lane in account.lanes:
            while lane.poll():
                pass
        account.sweep()
        after = deepcopy(account.dynamodb.items[ZOE])
        assert {**after, "format": None} == {**before, "format": None, **_due(after)}
        del account.dynamodb.items[ZOE]["format"]
        runner.settle()
        check_invariants(account, runner.batches)


def _due(item: dict[str, Any]) -> dict[str, Any]:
    """Return when somebody looks at an unreadable item again, and since when rows wait."""
    return {
        name: item[name]
        for name in ("version", "due_at", "due_shard", "deferred_at")
        if name in item
    }


def test_a_batch_in_a_newer_format_is_refused_and_other_attributes_are_ignored() -> None:
    item = {**new_item(header(), None, (), "me", NOW_S), "buckets": 4}
    assert read_batch({**item, "mood": "happy"}).owner == "me"
    with pytest.raises(UnreadableItemError, match="format 2, this release reads 1: a newer rel"):
        read_batch({**item, "format": 2})


def test_a_batch_with_settings_of_a_newer_release_is_abandoned_by_that_release() -> None:
    item = {**new_item(header(), None, (), "me", NOW_S), "settings": '{"glow":3}'}
    batch: Batch = read_batch(item)
    with pytest.raises(UserError, match=r"unknown field `glow`.*with the release that pushed it"):
        header_of(batch)


def test_records_of_a_newer_release_are_refused_in_words() -> None:
    with account_of(UNRELEASED) as runner:
        data = runner.account.kinesis.shards[0][0].data
    with pytest.raises(DecodeError, match="codec version 3, this consumer reads 2"):
        unpack(bytes([3]) + data[1:])
    content = msgspec.json.decode(zlib.decompress(data[1:]))
    newer = zlib.compress(msgspec.json.encode({**content, "moods": {"0": "happy"}}))
    with pytest.raises(DecodeError, match="unknown field `moods`"):
        unpack(data[:1] + newer)
    assert unpack(pack(unpack(data))) == unpack(data)


def test_events_and_jobs_of_a_newer_release_are_refused_in_words() -> None:
    with account_of(UNRELEASED) as runner:
        received = runner.account.bus.received
        detail = next(each["detail"] for each in received if each["detail-type"] == "WindowReady")
    for newer, words in (({"schema": 2}, "schema"), ({"mood": "happy"}, "unknown field `mood`")):
        with pytest.raises(DecodeError, match=words):
            convert_detail({**detail, **newer}, WindowReady)
    text = recorded(UNRELEASED, "single")["intake"]["item"]["job"]["S"]
    with pytest.raises(DecodeError, match="unknown field `mood`"):
        decode_job(text.replace("{", '{"mood":1,', 1))


def test_a_watermark_keeps_what_a_newer_release_added() -> None:
    dynamodb: Any = FakeDynamoDb()
    create_table(dynamodb)
    item = HISTORY.untyped(recorded(UNRELEASED, "single")["watermark"])
    dynamodb.put_item(TableName=TABLE, Item={**item, "mood": {"S": "happy"}})
    address = MySqlAddress(host="db", port=3306, user="u", password="", database="shop")
    mark = PushWatermark(dynamodb, TABLE, address, "covers")
    later = datetime(2026, 11, 20, 12, 30, tzinfo=UTC) + timedelta(days=1)
    mark.advance(later, "batch-y")
    ((_, written),) = dynamodb.items.items()
    assert (written["mood"], written["by_batch"]) == ({"S": "happy"}, {"S": "batch-y"})
    found = mark.load()
    assert found is not None
    assert found.until == later
    newer: Any = FakeDynamoDb()
    create_table(newer)
    newer.put_item(TableName=TABLE, Item={**item, "format": {"N": "2"}})
    with pytest.raises(DecodeError, match="format 2"):
        PushWatermark(newer, TABLE, address, "covers").advance(later, "batch-z")
    ((_, untouched),) = newer.items.items()
    assert untouched["by_batch"] == {"S": "batch-x"}


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (lambda content: content["plan"].update(mood="happy"), "unknown field `mood`.*: resume wi"),
        (lambda content: content["chunk"].update(mood="happy"), "unknown field `mood`.*: resume w"),
        (lambda content: content.update(schema=2), r"another release \(schema 2\): resume with"),
    ],
)
def test_a_push_of_a_newer_release_is_resumed_by_that_release(
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    change: Callable[[dict[str, Any]], object],
    words: str,
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path))
    content = msgspec.msgpack.decode(b64decode(recorded(UNRELEASED, "single")["checkpoint"]))
    change(content)
    path = tmp_path / "coverstream" / "push" / "batch-x.push"
    path.parent.mkdir(parents=True)
    data = msgspec.msgpack.encode(content)
    path.write_bytes(data)
    with pytest.raises(UserError, match=words):
        Checkpoint.resume("batch-x")
    assert path.read_bytes() == data
