"""Every figure and every cell is exact after each of many faults in the deployed pipeline.

In the functions faults strike at a named call (`fault_points`), inside the process that Lambda has
started; the command line is killed with SIGKILL, or meets a stream that refuses. The result of a
case is compared with what was generated, as if nothing had happened.
"""

from __future__ import annotations

import dataclasses
import json

import pytest

from ops_dashboard.local.samples.video_row import csv_bytes
from tests.end_to_end.batch_differences import dead_letters, differences, image_differences
from tests.end_to_end.dropped_files import drop, is_sent, moved
from tests.end_to_end.fault_hook import Fault, FaultKind
from tests.end_to_end.fault_points import ATTEMPTS, LEASE, OFTEN, POINTS, FaultPoint
from tests.end_to_end.faulty_photos import FaultyPhoto
from tests.end_to_end.faulty_stack import FaultyStack, csv_file, hooked_zip
from tests.end_to_end.intake_fault_points import INTAKE_OFTEN, INTAKE_POINTS
from tests.end_to_end.kinesis_proxy import (
    StandStill,
    lose_answers,
    proxy,
    refuse_every_third_record,
    throttle,
)
from tests.end_to_end.photo_fault_points import PHOTO_OFTEN, PHOTO_POINTS, armed_for

pytestmark = pytest.mark.timeout(240)


@pytest.mark.parametrize(
    "name",
    [pytest.param(name, marks=[] if name in OFTEN else pytest.mark.slow) for name in POINTS],
)
def test_nothing_is_lost_or_doubled_where(stack: FaultyStack, name: str) -> None:
    point = POINTS[name]
    sample = stack.sample(name, covers=point.covers)
    arm(stack, point, name)
    stack.send(sample, name)
    stack.wait_for_faults(point.fault.times)
    stack.faults.set_clock(point.heals_after_s)
    stack.sweep_until_ended(name)
    assert stack.faults.fired() == point.fault.times
    assert differences(stack, sample, name, point.may_lack) == []


def arm(stack: FaultyStack, point: FaultPoint, name: str) -> None:
    """Arm a point's fault for the creator and the batch of a case."""
    where = tuple(text.format(creator=f"{name}-0", batch=name) for text in point.fault.where)
    stack.faults.arm(dataclasses.replace(point.fault, where=where))


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in PHOTO_OFTEN else pytest.mark.slow)
        for name in PHOTO_POINTS
    ],
)
def test_a_photo_ends_as_its_current_version_and_recipe_where(
    stack: FaultyStack, name: str
) -> None:
    """Item, outputs, manifest, name and events; and no object is left without an item."""
    point = PHOTO_POINTS[name]
    photo = FaultyPhoto(stack, name, point.change)
    photo.prepare()
    stack.faults.arm(armed_for(point, name))
    photo.make()
    stack.wait(lambda: stack.faults.fired() >= point.fault.times, "the fault was not injected")
    stack.faults.set_clock(point.heals_after_s)
    photo.wait()
    assert stack.faults.fired() == point.fault.times
    assert photo.differences() == []


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=[] if name in INTAKE_OFTEN else pytest.mark.slow)
        for name in INTAKE_POINTS
    ],
)
def test_a_dropped_file_is_read_exactly_once_where(stack: FaultyStack, name: str) -> None:
    point = INTAKE_POINTS[name]
    sample = stack.sample(name)
    arm(stack, point, name)
    dropped = drop(stack, name, csv_bytes(sample.rows))
    stack.wait(lambda: stack.faults.fired() >= point.fault.times, "the fault was not injected")
    stack.faults.set_clock(point.heals_after_s)
    stack.wait(lambda: is_sent(stack, dropped.batch_id), "the file was not read")
    stack.sweep_until_ended(dropped.batch_id)
    stack.wait(lambda: moved(stack, dropped) == [True], "the file was not archived")
    assert stack.faults.fired() == point.fault.times
    assert differences(stack, sample, dropped.batch_id) == []


STREAM_FAULTS = {
    "throttles-every-record": throttle(3),
    "refuses-some-records": refuse_every_third_record(6),
    "loses-its-answers": lose_answers(3),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", STREAM_FAULTS)
def test_nothing_is_lost_or_doubled_where_the_stream(stack: FaultyStack, name: str) -> None:
    sample = stack.sample(name, creators=3)
    with proxy(stack.aws.endpoint, STREAM_FAULTS[name]) as url:
        dataclasses.replace(stack, endpoint=url).send(sample, name)
    stack.sweep_until_ended(name)
    assert differences(stack, sample, name) == []


KILLS = {
    "between-two-records": (2, False),
    "after-a-record-whose-answer-it-never-saw": (2, True),
    "before-the-marks-of-the-end": (4, False),
    "among-the-marks-of-the-end": (6, False),
}
"""At which PutRecords request, and whether AWS takes that one: three creators are three requests
with a record each, then come the marks of the end."""


@pytest.mark.parametrize(
    "name",
    [
        pytest.param(name, marks=pytest.mark.slow if name != "between-two-records" else [])
        for name in KILLS
    ],
)
def test_a_push_killed_with_sigkill_is_resumed(stack: FaultyStack, name: str) -> None:
    batch_id = f"resumed-{name}"
    sample = stack.sample(batch_id, creators=3)
    with csv_file(sample) as path:
        stack.kill_push(path, batch_id, StandStill(*KILLS[name]))
        done = stack.command("stream-ingest", "push", "--resume", f"--batch-id={batch_id}")
    assert done.returncode == 0, done.stderr
    stack.sweep_until_ended(batch_id)
    assert differences(stack, sample, batch_id) == []


@pytest.mark.slow
@pytest.mark.parametrize("name", ["between-two-records", "among-the-marks-of-the-end"])
def test_rows_of_a_killed_push_may_be_pushed_as_a_new_batch(stack: FaultyStack, name: str) -> None:
    """The killed batch never ends; the new one's end closes the windows that both have filled."""
    killed, again = f"killed-{name}", f"again-{name}"
    sample = stack.sample(killed, creators=3)
    with csv_file(sample) as path:
        stack.kill_push(path, killed, StandStill(*KILLS[name]))
    stack.send(sample, again)
    stack.sweep_until_ended(again)
    before, after = stack.progress(killed), stack.progress(again)
    repeated = sample.expectation.rows_accepted - after.rows_accepted
    assert after.refused == {"duplicate": repeated}
    assert 0 < before.rows_accepted <= repeated  # the killed one shows what its closed windows hold
    stack.wait(lambda: all_ended(stack, killed, again), "covers of the killed push still wait")
    assert image_differences(stack, sample.expectation) == []
    assert list(dead_letters(stack)) == []


def all_ended(stack: FaultyStack, *batches: str) -> bool:
    """Sweep, and return whether every image of these batches is settled."""
    stack.sweep()
    found = [stack.progress(batch_id) for batch_id in batches]
    return all(each.open_images == 0 and each.collages == each.windows for each in found)


@pytest.mark.slow
def test_an_unreadable_record_is_stored_although_s3_throttles_it(
    stack: FaultyStack,
) -> None:
    name = "poison-beside-a-batch"
    fault = Fault(
        function="windowing",
        call="s3.PutObject",
        kind=FaultKind.THROTTLE,
        where=("/failed/records/",),
        times=ATTEMPTS,
    )
    stack.faults.arm(fault)
    poison = stack.aws.clients.kinesis.put_record(
        StreamName=stack.outputs.stream_name, Data=b"no record of ours", PartitionKey="bucket-001"
    )
    sample = stack.sample(name)
    stack.send(sample, name)
    stack.sweep_until_ended(name)
    assert stack.faults.fired() == ATTEMPTS
    sequence = int(poison["SequenceNumber"])  # ministack writes it with leading zeros
    (stored,) = [key for key in stack.keys("failed/records/") if f"/{sequence}.json" in key]
    assert "codec version" in json.loads(stack.read(stored))["reason"]
    assert differences(stack, sample, name) == []


PAUSED = {
    "windowing": Fault(
        function="windowing", call="dynamodb.TransactWriteItems", kind=FaultKind.PAUSE
    ),
    "collage": Fault(
        function="collage", call="s3.PutObject", kind=FaultKind.PAUSE, where=("/collages/2",)
    ),
}


@pytest.mark.slow
def test_a_mapping_that_is_disabled_during_a_batch_continues_where_it_stopped(
    stack: FaultyStack,
) -> None:
    name = "consumer-is-switched-off"
    sample = stack.sample(name)
    stack.faults.arm(PAUSED["windowing"])
    stack.send(sample, name)
    stack.wait_for_faults(1)
    switch_mapping(stack, on=False)
    stack.faults.release()
    stack.wait(lambda: stack.progress(name).windows == 3, "the paused delivery was not folded")
    assert not stack.progress(name).settled
    switch_mapping(stack, on=True)
    stack.sweep_until_ended(name)
    assert differences(stack, sample, name) == []


def switch_mapping(stack: FaultyStack, *, on: bool) -> None:
    """Switch the Kinesis mapping of the windowing function on or off."""
    functions = stack.aws.clients.functions
    (mapping,) = functions.list_event_source_mappings(
        FunctionName=stack.outputs.windowing_function
    )["EventSourceMappings"]
    functions.update_event_source_mapping(UUID=mapping["UUID"], Enabled=on)


@pytest.mark.slow
@pytest.mark.parametrize("function", PAUSED)
def test_new_code_during_an_invocation_loses_nothing(stack: FaultyStack, function: str) -> None:
    name = f"{function}-is-replaced"
    sample = stack.sample(name)
    stack.faults.arm(PAUSED[function])
    stack.send(sample, name)
    stack.wait_for_faults(1)
    deployed = getattr(stack.outputs, f"{function}_function")
    stack.aws.clients.functions.update_function_code(
        FunctionName=deployed, ZipFile=hooked_zip(function)
    )
    stack.faults.set_clock(LEASE)
    stack.sweep_until_ended(name)
    assert differences(stack, sample, name) == []


@pytest.mark.slow
def test_a_slow_worker_that_lost_its_lease_publishes_nothing(stack: FaultyStack) -> None:
    """It is paused before its collage until another worker has completed the window."""
    name = "worker-lost-its-lease"
    sample = stack.sample(name)
    stack.faults.arm(PAUSED["collage"])
    stack.send(sample, name)
    stack.wait_for_faults(1)
    stack.faults.set_clock(LEASE)
    stack.sweep_until_ended(name)
    ended = stack.windows_of(f"{name}-0")
    pictures = {key: modified(stack, key) for key in stack.keys("collages/") if name in key}
    stack.faults.release()
    lost = f"{name}-0:000001: the lease was lost"  # its objects have the same bytes
    stack.wait(lambda: lost in stack.log("collage"), "it did not notice")
    assert stack.windows_of(f"{name}-0") == ended
    assert {key: modified(stack, key) for key in pictures} == pictures
    assert differences(stack, sample, name) == []


def modified(stack: FaultyStack, key: str) -> object:
    """Return when an object was put last."""
    bucket = stack.outputs.output_bucket
    return stack.aws.clients.s3.head_object(Bucket=bucket, Key=key)["LastModified"]
