"""Runs a part of a history with the code in the working directory, and saves what outlives it.

``python history_driver.py BEFORE STEPS AFTER`` loads the snapshot `BEFORE` (``-`` for an empty
account), runs `STEPS` and writes the snapshot `AFTER`. It imports no module beside it, so that the
code of any commit since `tests/faults/harness` exists can run it, in a checkout of that commit:
this is how the snapshots in the folders were made, and how versions take turns in a test.

A snapshot is JSON: bytes are base64, as in the AWS CLI's output.
"""

# ruff: noqa: SLF001, ANN401 - it saves what the harness holds, as JSON

from __future__ import annotations

import base64
import json
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import Any

if __name__ == "__main__":
    sys.path[:0] = [str(Path.cwd()), str(Path.cwd() / "pulumi")]

from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.records.packer import OutgoingRecord
from tests.fakes.ingest.aws import TABLE
from tests.faults.harness import handlers
from tests.faults.harness.aws.kinesis import StreamRecord
from tests.faults.harness.aws.s3 import Stored
from tests.faults.harness.aws.sqs import Message
from tests.faults.harness.history import BatchPlan, History
from tests.faults.harness.history_runner import HistoryRunner, few_buckets
from tests.faults.harness.injector import Fault, Kind

Snapshot = dict[str, Any]
Step = list[Any]
"""A name and its arguments: see `run_step`."""

PLANS = (
    BatchPlan(
        images=4,
        flush=FlushPolicy(kind="batch-end"),
        rows=tuple((number % 2, number) for number in range(10)),
    ),
    BatchPlan(
        images=5,
        flush=FlushPolicy(kind="idle", idle_s=7_200),
        rows=tuple((number % 3, number) for number in range(5, 25)),
        refused=2,
    ),
    BatchPlan(
        images=6,
        flush=FlushPolicy(kind="idle", idle_s=3_600),
        rows=tuple((2, number) for number in range(20, 29)),
    ),
)
"""Two of three creators, and some images, are in several batches."""
SCENARIO = History(batches=PLANS, prefetch=True)
STEPS: list[Step] = [
    ["push", 0, 100],
    *([["deliver", lane, 20] for lane in (0, 1)]),
    ["sweep_drained"],
    ["sweep"],
    ["work_together", 3],
    ["work", 20],
    ["wait", 120],
    ["sweep"],
    ["push", 1, 6],
    *([["deliver", lane, 20] for lane in (0, 1)]),
    ["sweep"],
    ["prefetch"],
    ["work", 1],
    ["push", 1, 1],
    ["push", 2, 3],
    *([["deliver", lane, 20] for lane in (0, 1)]),
    ["sweep"],
    ["prefetch"],
    ["kill_worker"],
    ["push", 1, 1],
    ["push", 2, 1],
]
"""Ends the first batch and leaves the others at every stage: not sent, in the stream, in open
windows (some covers prefetched), in a window that a worker was building when it was killed."""


def run_step(runner: HistoryRunner, step: Step) -> None:
    """Run one step."""
    account = runner.account
    match step:
        case ["push", int(batch), int(actions)]:
            runner.pushes[batch].run(actions)
        case ["deliver", int(lane), int(times)]:
            for _ in range(times):
                account.deliver(lane)
        case ["work", int(times)]:
            for _ in range(times):
                account.work()
        case ["work_together", int(messages)]:
            account.work(together=messages)
        case ["wait", int(seconds)]:
            account.clock.advance(seconds)
            account.dynamodb.indexes.catch_up()
        case [str(name)]:
            _run_simple(runner, name)


def _run_simple(runner: HistoryRunner, name: str) -> None:
    account = runner.account
    if name == "sweep_drained":
        while account.drained:
            account.sweep_drained()
    elif name == "kill_worker":
        account.work(faults=[Fault(Kind.KILLED_BEFORE, nth=4)])
    else:
        steps = {"sweep": account.sweep, "prefetch": account.prefetch, "settle": runner.settle}
        steps[name]()


def save(runner: HistoryRunner) -> Snapshot:
    """Return what outlives every process."""
    account = runner.account
    return {
        "now_s": account.clock.now_s,
        "table": [typed(item) for _, item in sorted(account.dynamodb.items.items())],
        "stream": [
            [
                [str(each.sequence), each.partition_key, _text(each.data), each.arrived_at]
                for each in shard
            ]
            for shard in account.kinesis.shards
        ],
        "checkpoints": [lane.checkpoint for lane in account.lanes],
        "queues": {
            name: [
                [each.message_id, each.body, each.visible_at, each.receives]
                for each in queue.messages.values()
            ]
            for name, queue in _queues(runner).items()
        },
        "bodies": account.bodies,
        "drained": account.drained,
        "events": account.bus.received,
        "archive": account.bus.archive,
        "objects": [
            [
                bucket,
                key,
                [[_text(each.body), each.content_type, each.metadata] for each in versions],
            ]
            for (bucket, key), versions in sorted(account.s3.versions.items())
        ],
        "removed": sorted(
            [list(place), len(versions)] for place, versions in account.s3.removed.items()
        ),
        "pushes": [
            {
                "registered": push._is_registered,
                "totals": push._has_totals,
                "done": push._done,
                "chunks": [
                    [[each.bucket, each.number, each.rows, _text(each.data)] for each in chunk]
                    for chunk in push._chunks
                ],
            }
            for push in runner.pushes
        ],
    }


def load(runner: HistoryRunner, snapshot: Snapshot) -> None:
    """Replace what outlives every process by a snapshot."""
    account = runner.account
    account.clock.now_s = snapshot["now_s"]
    for item in snapshot["table"]:
        account.dynamodb.put_item(TableName=TABLE, Item=untyped(item))
    account.dynamodb.indexes.catch_up()
    for shard, records in zip(account.kinesis.shards, snapshot["stream"], strict=True):
        shard.extend(
            StreamRecord(int(number), key, _bytes(data), at) for number, key, data, at in records
        )
    account.kinesis._taken = sum(map(len, snapshot["stream"]))
    for lane, checkpoint in zip(account.lanes, snapshot["checkpoints"], strict=True):
        lane.checkpoint = lane._read = checkpoint
    for name, queue in _queues(runner).items():
        for message_id, body, visible_at, receives in snapshot["queues"][name]:
            queue.messages[message_id] = Message(message_id, body, visible_at, receives)
            queue._sent = max(queue._sent, int(message_id.partition("-")[2]))
    account.bodies += snapshot["bodies"]
    account.drained += snapshot["drained"]
    account.bus.received += snapshot["events"]
    account.bus.archive += [(at, event) for at, event in snapshot["archive"]]
    moment = [snapshot["now_s"]] if "put_at" in Stored.__dataclass_fields__ else []
    for bucket, key, versions in snapshot["objects"]:
        account.s3.versions[bucket, key] = [
            Stored(_bytes(body), kind, meta, *moment) for body, kind, meta in versions
        ]
    for place, count in snapshot["removed"]:
        account.s3.removed[tuple(place)] = [Stored(b"", "", {})] * count
    for push, saved in zip(runner.pushes, snapshot["pushes"], strict=True):
        push._is_registered, push._has_totals = saved["registered"], saved["totals"]
        push._done = saved["done"]
        push._chunks = [
            [
                OutgoingRecord(bucket=bucket, number=number, rows=rows, data=_bytes(data))
                for bucket, number, rows, data in chunk
            ]
            for chunk in saved["chunks"]
        ]


def _queues(runner: HistoryRunner) -> dict[str, Any]:
    account = runner.account
    return {
        "collage": account.queue,
        "prefetch": account.prefetch_queue,
        "dead letters": account.dead_letters,
    }


def _text(data: bytes) -> str:
    return base64.b64encode(data).decode()


def _bytes(text: str) -> bytes:
    return base64.b64decode(text)


def typed(value: Any) -> Any:
    """Return an item in DynamoDB's typed form with base64 for bytes, and sets in order."""
    if isinstance(value, dict):
        return {name: typed(each) for name, each in sorted(value.items())}
    if isinstance(value, bytes | bytearray):
        return _text(bytes(value))
    if isinstance(value, list | tuple):
        return [typed(each) for each in value]
    if isinstance(value, set | frozenset):
        return sorted(typed(each) for each in value)
    return value


def untyped(item: dict[str, Any]) -> dict[str, Any]:
    """Return an item with bytes for base64."""
    return {name: _value(value) for name, value in item.items()}


def _value(value: dict[str, Any]) -> dict[str, Any]:
    ((kind, content),) = value.items()
    if kind == "B":
        content = _bytes(content)
    elif kind == "M":
        content = untyped(content)
    elif kind == "L":
        content = [_value(each) for each in content]
    return {kind: content}


def run(before: Snapshot | None, steps: Iterable[Step]) -> Snapshot:
    """Run steps on a snapshot, and return the snapshot after them."""
    with few_buckets(), handlers.patch_telemetry():
        runner = HistoryRunner(SCENARIO)
        try:
            if before is not None:
                load(runner, before)
            for step in steps:
                run_step(runner, step)
            return save(runner)
        finally:
            runner.close()


def dump(values: dict[str, Any]) -> str:
    """Return JSON with a line for each element of the lists at the top, so that diffs are short."""
    return (
        "{\n"
        + ",\n".join(f"{_json(name)}: {_lines(each)}" for name, each in values.items())
        + "\n}\n"
    )


def _lines(value: Any) -> str:
    if not isinstance(value, list) or not value:
        return _json(value)
    return "[\n" + ",\n".join(map(_json, value)) + "\n]"


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))


def main(before: str, steps: str, after: str) -> None:
    """Run the program: file names, ``-`` for no snapshot or for the steps of a fixture."""
    start = None if before == "-" else json.loads(Path(before).read_text(encoding="utf-8"))
    todo = STEPS if steps == "-" else json.loads(Path(steps).read_text(encoding="utf-8"))
    Path(after).write_text(dump(run(start, todo)), encoding="utf-8")


if __name__ == "__main__":
    main(*sys.argv[1:])
