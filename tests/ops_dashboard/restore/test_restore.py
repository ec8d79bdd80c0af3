"""A restored table is compared with the metadata in S3, and completed from it."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta

import boto3
import msgspec
import pytest
from moto import mock_aws

from collage_lambda.output.metadata import CellRecord, WindowMetadata
from ops_dashboard.restore.adoption import Adoption
from ops_dashboard.restore.forgotten import Forgotten, ForgottenWindows
from stream_ingest.contracts import table
from stream_ingest.contracts.naming import creator_name, split_window_id
from stream_ingest.contracts.settings import CollageLayout
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import OUTPUT, TABLE, IngestAws
from tests.fakes.ingest.rows import cover_row

CLOSED = datetime(2026, 11, 29, 10, tzinfo=UTC)
LONG_AGO = datetime(2020, 1, 1, tzinfo=UTC)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[IngestAws]:
    set_aws_variables(monkeypatch)
    with mock_aws():
        yield IngestAws({name: boto3.client(name) for name in ("dynamodb", "s3")})  # type: ignore[call-overload]  # by name


def metadata(window_id: str, images: range, failed: int = 0) -> WindowMetadata:
    ok = len(images) - failed
    return WindowMetadata(
        window_id=window_id,
        creator=creator_name(split_window_id(window_id)[0]),
        batch_id="batch-2",
        trigger="csv-push",
        closed_at=CLOSED,
        closed_because="full",
        built_at=CLOSED + timedelta(seconds=9),
        replay=None,
        layout=CollageLayout(),
        collage_key=f"collages/{window_id}.jpg" if ok else None,
        thumbnail_key=f"thumbnails/{window_id}.jpg" if ok else None,
        collage_sha256="ab" if ok else None,
        images=len(images),
        images_ok=ok,
        images_failed=failed,
        failures={"not_found": failed} if failed else {},
        bytes_downloaded=1_000,
        timings_ms={},
        cells=[cell(number, image) for number, image in enumerate(images)],
    )


def cell(number: int, image: int) -> CellRecord:
    row = cover_row(image)
    return CellRecord(
        cell=number,
        row=0,
        column=number,
        identity=row.identity,
        url=row.url,
        status="ok",
        attempts=1,
        created_at=CLOSED,
    )


def put(aws: IngestAws, document: WindowMetadata) -> str:
    key = f"metadata/2026/11/29/{document.window_id}.json"
    aws.s3.put_object(Bucket=OUTPUT, Key=key, Body=msgspec.json.encode(document))
    return key


def forgotten(aws: IngestAws, since: datetime = LONG_AGO) -> tuple[list[Forgotten], list[str]]:
    with ThreadPoolExecutor(2) as threads:
        found = ForgottenWindows(aws.s3, OUTPUT, aws.dynamodb, TABLE, threads)
        return [each for some in found.since(since) for each in some], found.unreadable


def test_windows_that_the_table_lacks_or_has_as_unfinished_are_found(aws: IngestAws) -> None:
    for number, status in ((1, "completed"), (2, "partial"), (3, "queued"), (4, "processing")):
        aws.set_item("charli", table.window_item(number), status=status)
        put(aws, metadata(f"charli:{number:06d}", range(3)))
    put(aws, metadata("charli:000005", range(3)))
    put(aws, metadata("jos=C3=A9:000001", range(3)))
    aws.s3.put_object(Bucket=OUTPUT, Key="metadata/note.txt", Body=b"not ours")
    found, unreadable = forgotten(aws)
    assert {(each.metadata.window_id, each.is_unknown) for each in found} == {
        ("charli:000003", False),
        ("charli:000004", False),
        ("charli:000005", True),
        ("jos=C3=A9:000001", True),
    }
    assert unreadable == ["metadata/note.txt"]


def test_what_was_built_before_the_backup_is_not_read(aws: IngestAws) -> None:
    put(aws, metadata("charli:000001", range(3)))
    now = datetime.now(UTC)
    assert forgotten(aws, now + timedelta(minutes=20)) == ([], [])
    assert len(forgotten(aws, now + timedelta(minutes=10))[0]) == 1


@pytest.mark.parametrize(
    ("failed", "status", "error"),
    [(0, "completed", None), (1, "partial", None), (3, "failed", "every image failed")],
)
def test_a_forgotten_window_is_written_as_its_worker_did_and_only_once(
    aws: IngestAws, failed: int, status: str, error: str | None
) -> None:
    key = put(aws, metadata("charli:000007", range(3), failed))
    adoption = Adoption(aws.dynamodb, TABLE, aws.clock, 90)
    found, _ = forgotten(aws)
    adoption.adopt(found)
    before = aws.snapshot()
    adoption.adopt(found)
    assert aws.snapshot() == before
    assert forgotten(aws)[0] == []
    item = aws.item("charli", "window#000007")
    assert item is not None
    assert (item["status"], item.get("error"), item["metadata_key"]) == (status, error, key)
    assert (item["images_ok"], item["images_failed"]) == (3 - failed, failed)
    assert item[table.CLOSED_AT] == "2026-11-29T10:00:00Z"
    assert [each["batch_id"] for each in aws.registry.windows("batch-2")] == ["batch-2"]
    state = aws.store.load(["charli"])["charli"]
    assert (state.next_window, state.open_images, bool(state.seen)) == (8, 0, True)


def test_a_window_that_ended_meanwhile_is_left_alone(aws: IngestAws) -> None:
    put(aws, metadata("charli:000007", range(3)))
    found, _ = forgotten(aws)
    aws.set_item("charli", "window#000007", status="partial", images_ok=2)
    Adoption(aws.dynamodb, TABLE, aws.clock, 90).adopt(found)
    item = aws.item("charli", "window#000007")
    assert item is not None
    assert (item["status"], item["images_ok"]) == ("partial", 2)


def test_a_new_creator_gets_the_name_that_is_shown(aws: IngestAws) -> None:
    document = msgspec.structs.replace(metadata("charli:000001", range(3)), display_name="@Charli")
    put(aws, document)
    Adoption(aws.dynamodb, TABLE, aws.clock, 90).adopt(forgotten(aws)[0])
    assert aws.store.load(["charli"])["charli"].display_name == "@Charli"


def test_a_creator_whose_state_cannot_be_read_is_left_out_and_no_other(aws: IngestAws) -> None:
    aws.set_item("broken", table.STATE, body=b"of a later release", version=1)
    for window_id in ("broken:000001", "charli:000001"):
        put(aws, metadata(window_id, range(3)))
    assert Adoption(aws.dynamodb, TABLE, aws.clock, 90).adopt(forgotten(aws)[0]) == ["broken"]
    assert aws.item("charli", "window#000001") is not None
    assert aws.item("broken", "window#000001") is None
