"""A stack that renders photos is operated with the commands, and broken where only photos are."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from typing import Any

import pytest
from PIL import Image

from ops_dashboard.doctor.command import stack_findings
from ops_dashboard.doctor.findings import Finding, State
from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.aws import clients
from stream_ingest.aws.items import from_wire, to_wire
from stream_ingest.contracts.stack_outputs import PhotosOutputs
from tests.end_to_end.breakages import Checked
from tests.fakes.command_line import Commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

PREFIX = "coverstream-dev"
KEY, CAT = "wedding/IMG_1.jpg", "original-uploads/cats/1.jpg"
PATIENCE_S = 90


def jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (900, 600), "red").save(data, "JPEG")
    return data.getvalue()


@pytest.fixture(scope="module")
def stack(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Checked]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as aws:
            outputs = aws.deploy(settings={"photos": True, "photosDomain": "p.example.com"})
            for name, value in aws.environment().items():
                patch.setenv(name, value)
            checked = Checked(aws, outputs)
            for key, gallery in ((KEY, "wedding"), (CAT, "original-uploads")):
                s3(checked).put_object(Bucket=of(checked).uploads_bucket, Key=key, Body=jpeg())
                wait(checked, gallery, key, "active")
            yield checked


def of(stack: Checked) -> PhotosOutputs:
    assert stack.outputs.photos is not None
    return stack.outputs.photos


def s3(stack: Checked) -> Any:  # noqa: ANN401 - an untyped client
    return stack("s3")


def wait(stack: Checked, gallery: str, key: str, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = stack("dynamodb").get_item(
            TableName=of(stack).table,
            Key=to_wire({"gallery": gallery, "photo": key}),
            ConsistentRead=True,
        )
        item = from_wire(found.get("Item", {}))
        is_done = item.get("status") == status and not item.keys() & {"lease_until", "outbox"}
        if is_done:
            return item
        assert time.monotonic() < deadline, item
        time.sleep(0.2)


def examine() -> dict[str, Finding]:
    return {each.check: each for each in stack_findings(clients.session(), "dev")}


def test_a_healthy_stack_passes_every_check(stack: Checked) -> None:
    found = examine()

    assert {name: each.found for name, each in found.items() if each.state is not State.OK} == {}
    assert found["photos"].found == "2 sampled, as in the table"
    assert stack.outputs.photos is not None


@contextmanager
def orphan(stack: Checked) -> Iterator[None]:
    place = {"Bucket": of(stack).renditions_bucket, "Key": "renditions/wedding/lost_large.jpg"}
    s3(stack).put_object(**place, Body=b"x")
    yield
    s3(stack).delete_object(**place)


@contextmanager
def missing_output(stack: Checked) -> Iterator[None]:
    place = {"Bucket": of(stack).renditions_bucket, "Key": "renditions/wedding/IMG_1_small.jpg"}
    body = s3(stack).get_object(**place)["Body"].read()
    s3(stack).delete_object(**place)
    yield
    s3(stack).put_object(**place, Body=body)


@contextmanager
def stuck(stack: Checked) -> Iterator[None]:
    key = {"gallery": "wedding", "photo": "wedding/stuck.jpg"}
    item: dict[str, object] = {
        **key,
        "status": "processing",
        "open": "processing",
        "lease_until": 5,
        "revision": 1,
    }
    table = {"TableName": of(stack).table}
    stack("dynamodb").put_item(
        **table, Item=to_wire({**item, "updated_at": "2026-01-01T00:00:00Z"})
    )
    yield
    stack("dynamodb").delete_item(**table, Key=to_wire(key))


@contextmanager
def silent_uploads(stack: Checked) -> Iterator[None]:
    bucket = {"Bucket": of(stack).uploads_bucket}
    for configuration in ({}, {"EventBridgeConfiguration": {}}):
        s3(stack).put_bucket_notification_configuration(
            **bucket, NotificationConfiguration=configuration
        )
        if not configuration:
            yield


@contextmanager
def disabled_rule(stack: Checked) -> Iterator[None]:
    rule = {"Name": f"{PREFIX}-photo-changed", "EventBusName": "default"}
    stack("events").disable_rule(**rule)
    yield
    stack("events").enable_rule(**rule)


@contextmanager
def disabled_mapping(stack: Checked) -> Iterator[None]:
    client = stack("lambda")
    found = client.list_event_source_mappings(FunctionName=of(stack).function)
    (uuid, *_) = [each["UUID"] for each in found["EventSourceMappings"]]
    client.update_event_source_mapping(UUID=uuid, Enabled=False)
    yield
    client.update_event_source_mapping(UUID=uuid, Enabled=True)


@contextmanager
def no_sweeps(stack: Checked) -> Iterator[None]:
    found = stack("scheduler").get_schedule(Name=f"{PREFIX}-photos")
    names = ("Name", "ScheduleExpression", "FlexibleTimeWindow", "Target")
    schedule = {name: found[name] for name in names}
    stack("scheduler").update_schedule(**schedule, State="DISABLED")
    yield
    stack("scheduler").update_schedule(**schedule, State="ENABLED")


@pytest.mark.parametrize(
    ("breakage", "check", "text"),
    [
        (orphan, "photos", "no photo has the output renditions/wedding/lost_large.jpg"),
        (missing_output, "photos", "outputs are missing: renditions/wedding/IMG_1_small.jpg"),
        (stuck, "photos", "processing for too long: wedding/stuck.jpg"),
        (silent_uploads, "buckets", "does not announce uploads"),
        (disabled_rule, "rules", f"rule {PREFIX}-photo-changed is DISABLED"),
        (disabled_mapping, "mappings", f"mapping of {PREFIX}-photos is Disabl"),
        (no_sweeps, "schedule", f"{PREFIX}-photos is DISABLED"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_what_is_broken_is_found_until_it_is_mended(
    stack: Checked,
    breakage: Callable[[Checked], AbstractContextManager[None]],
    check: str,
    text: str,
) -> None:
    with breakage(stack):
        found = examine()[check]
        assert (found.state, text in found.found) == (State.WRONG, True), found
        assert found.do
    assert examine()[check].state is State.OK


@pytest.mark.parametrize(
    "reference",
    [
        KEY,
        "https://p.example.com/renditions/wedding/IMG_1_small.jpg?v=1",
        "s3://{bucket}/renditions/wedding/IMG_1_large.jpg",
    ],
)
def test_a_photos_story_is_told_by_any_of_its_names(
    stack: Checked, commands: Commands, reference: str
) -> None:
    named = reference.format(bucket=of(stack).renditions_bucket)
    done = commands.run("ops-dashboard", "trace", named)

    assert done.code == 0, done.err
    for text in ("original uploaded", "photo ended", "photo active", "IMG_1_large.jpg", "nothing:"):
        assert text in done.out
    story = json.loads(commands.run("ops-dashboard", "trace", named, "--json").out)
    assert (story["name"], story["needs"], story["notes"]) == (KEY, "nothing", [])
    assert len(story["objects"]) == 4


def test_an_unknown_photo_is_an_error_in_one_line(stack: Checked, commands: Commands) -> None:
    done = commands.run("ops-dashboard", "trace", "wedding/none.jpg")

    assert done.code == 1
    assert "no photo 'wedding/none.jpg' in stack 'dev'" in done.err
    assert of(stack).table not in done.err


def test_status_counts_photos(stack: Checked, commands: Commands) -> None:
    with stuck(stack):
        done = commands.run("ops-dashboard", "status")

    assert done.code == 0, done.err
    assert "processing" in done.out
    assert "dead letters" in done.out


def test_a_dead_letter_about_a_photo_is_listed_traced_redriven_and_dropped(
    stack: Checked, commands: Commands
) -> None:
    letters = of(stack).dead_letters_url
    for _ in range(2):
        stack("sqs").send_message(QueueUrl=letters, MessageBody=json.dumps({"render": KEY}))

    listed = json.loads(commands.run("ops-dashboard", "dlq", "list", "--json").out)
    refs = [each["ref"] for each in listed if each["about"] == f"photo {KEY}"]
    assert len(refs) == 2
    assert refs[0] in commands.run("ops-dashboard", "trace", KEY).out

    dropped = commands.run("ops-dashboard", "dlq", "drop", refs[0], "--yes")
    assert dropped.code == 0, dropped.err
    redriven = commands.run("ops-dashboard", "dlq", "redrive", refs[1])
    assert redriven.code == 0, redriven.err
    left = json.loads(commands.run("ops-dashboard", "dlq", "list", "--json").out)
    assert left == []
    copies = s3(stack).list_objects_v2(
        Bucket=stack.outputs.output_bucket, Prefix="failed/dropped/photos/"
    )
    assert copies["KeyCount"] == 1


def test_the_schedules_event_sweeps(stack: Checked) -> None:
    """A photo that waits for its event is announced by an invocation with the schedule's event."""
    item = wait(stack, "wedding", KEY, "active")
    detail = json.dumps({"photo": KEY})
    waiting = {
        **item,
        "open": "unannounced",
        "outbox": {"detail_type": "RenditionsCreated", "detail": detail},
        "updated_at": "2026-01-01T00:00:00.000Z",
    }
    stack("dynamodb").put_item(TableName=of(stack).table, Item=to_wire(waiting))
    target = stack("scheduler").get_schedule(Name=f"{PREFIX}-photos")["Target"]

    answer = stack("lambda").invoke(FunctionName=of(stack).function, Payload=target["Input"])

    assert "FunctionError" not in answer, answer["Payload"].read()
    assert wait(stack, "wedding", KEY, "active")["revision"] == item["revision"] + 1
