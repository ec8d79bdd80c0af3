"""A stack that renders photos is operated with the commands, and broken where only photos are."""

from __future__ import annotations

import io
import json
import time
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from typing import Any

import pytest
from PIL import Image

from ops_dashboard.doctor.command import stack_findings
from ops_dashboard.doctor.findings import Finding, State
from stream_ingest.aws import clients
from stream_ingest.aws.items import from_wire, to_wire
from tests.end_to_end import photo_breakages as broken
from tests.end_to_end.breakages import PREFIX, Checked
from tests.end_to_end.photo_breakages import photos_of
from tests.end_to_end.photo_stack import PhotoStack
from tests.fakes.command_line import Commands

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

KEY, CAT = "wedding/IMG_1.jpg", "original-uploads/cats/1.jpg"
PATIENCE_S = 90


def jpeg() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (900, 600), "red").save(data, "JPEG")
    return data.getvalue()


@pytest.fixture(scope="module")
def stack(photo_stack: PhotoStack) -> Iterator[Checked]:
    with pytest.MonkeyPatch.context() as patch:
        for name, value in photo_stack.aws.environment().items():
            patch.setenv(name, value)
        checked = Checked(photo_stack.aws, photo_stack.outputs)
        for key, gallery in ((KEY, "wedding"), (CAT, "original-uploads")):
            checked("s3").put_object(Bucket=photos_of(checked).uploads_bucket, Key=key, Body=jpeg())
            wait(checked, gallery, key, "active")
        yield checked


def wait(stack: Checked, gallery: str, key: str, status: str) -> dict[str, Any]:
    deadline = time.monotonic() + PATIENCE_S
    while True:
        found = stack("dynamodb").get_item(
            TableName=photos_of(stack).table,
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
    assert found["photos"].found.endswith(" sampled, as in the table")
    assert found["cdn"].found == f"{photos_of(stack).domain}, Deployed"


@pytest.mark.parametrize(
    ("breakage", "check", "text"),
    [
        (broken.no_cors, "buckets", "takes no uploads from pages of http://127.0.0.1:*"),
        (broken.open_cors, "buckets", "also takes uploads from pages of https://evil.example.com"),
        (broken.distribution_off, "cdn", "is switched off: no address works"),
        (broken.no_way_to_links, "cdn", f"does not send upload/* to {PREFIX}-links"),
        (broken.no_url_of_links, "cdn", f"{PREFIX}-links has no URL"),
        (broken.orphan, "photos", "no photo has the output renditions/wedding/lost_large.jpg"),
        (
            broken.missing_output,
            "photos",
            "outputs are missing: renditions/wedding/IMG_1_small.jpg",
        ),
        (broken.stuck, "photos", "processing for too long: wedding/stuck.jpg"),
        (broken.silent_uploads, "buckets", "does not announce uploads"),
        (broken.disabled_rule, "rules", f"rule {PREFIX}-photo-changed is DISABLED"),
        (broken.disabled_mapping, "mappings", f"mapping of {PREFIX}-photos is Disabl"),
        (broken.no_sweeps, "schedule", f"{PREFIX}-photos is DISABLED"),
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
        "https://{domain}/renditions/wedding/IMG_1_small.jpg?v=1",
        "s3://{bucket}/renditions/wedding/IMG_1_large.jpg",
    ],
)
def test_a_photos_story_is_told_by_any_of_its_names(
    stack: Checked, commands: Commands, reference: str
) -> None:
    named = reference.format(
        bucket=photos_of(stack).renditions_bucket, domain=photos_of(stack).domain
    )
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
    assert photos_of(stack).table not in done.err


def test_status_counts_photos(stack: Checked, commands: Commands) -> None:
    with broken.stuck(stack):
        done = commands.run("ops-dashboard", "status")

    assert done.code == 0, done.err
    assert "processing" in done.out
    assert "dead letters" in done.out


def test_a_dead_letter_about_a_photo_is_listed_traced_redriven_and_dropped(
    stack: Checked, commands: Commands
) -> None:
    letters = photos_of(stack).dead_letters_url
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
    copies = stack("s3").list_objects_v2(
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
    stack("dynamodb").put_item(TableName=photos_of(stack).table, Item=to_wire(waiting))
    target = stack("scheduler").get_schedule(Name=f"{PREFIX}-photos")["Target"]

    answer = stack("lambda").invoke(FunctionName=photos_of(stack).function, Payload=target["Input"])

    assert "FunctionError" not in answer, answer["Payload"].read()
    assert wait(stack, "wedding", KEY, "active")["revision"] == item["revision"] + 1
