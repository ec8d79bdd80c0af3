from __future__ import annotations

import base64
import csv
import io
from typing import Any

import msgspec
import pytest

from ops_dashboard.erase.documents import redact
from ops_dashboard.erase.subject import Subject
from stream_ingest.records.codec import unpack
from tests.fakes.ingest.rows import cover_row, header, record_of

ANN, BOB = "ann.b", "bob"
WHO = Subject(ANN)
FAILED, POISON = "aws/lambda/x/1.json", "failed/records/2026/11/06/1.json"


def csv_of(*rows: list[str]) -> bytes:
    out = io.StringIO(newline="")
    csv.writer(out, quoting=csv.QUOTE_ALL).writerows(rows)
    return out.getvalue().encode()


def test_lines_of_results_keep_their_figures() -> None:
    heading = ["creator", "window_id", "status", "images", "collage_key", "batch_id"]
    bob = [BOB, "bob:000001", "completed", "35", "collages/bob.jpg", "b"]
    ann = [ANN, "ann.b:000001", "partial", "34", "collages/ann.jpg", "b"]
    found = redact("results/b.csv", csv_of(heading, ann, bob), WHO)
    assert found.found == 1
    assert found.body == csv_of(heading, ["(erased)", "", "partial", "34", "", "b"], bob)


def test_results_without_the_creator_are_unchanged() -> None:
    body = b'"creator"\r\n"bob"\r\n'
    assert redact("results/b.csv", body, WHO).found == 0
    assert redact("results/b.csv", body, WHO).body == body


def test_a_name_that_a_spreadsheet_would_run_is_found_in_its_escaped_form() -> None:
    found = redact("results/b.csv", csv_of(["creator"], ["'=ann"]), Subject("=ann"))
    assert (found.found, found.body) == (1, csv_of(["creator"], ["(erased)"]))


def test_names_in_json_results_are_replaced() -> None:
    document = {
        "images": 70,
        "windows": [
            {"creator_name": ANN, "window_id": "ann.b:000001", "images": 35, "collage_key": "k"},
            {"creator_name": BOB, "window_id": "bob:000001", "images": 35, "collage_key": "l"},
        ],
        "by_creator": {ANN: 1, BOB: 1},
    }
    body = msgspec.json.encode(document)
    found = redact("results/log.json", body, WHO)
    assert found.found == 2
    assert found.body is not None
    after = msgspec.json.decode(found.body)
    assert ANN.encode() not in found.body
    assert after["windows"][1] == document["windows"][1]  # type: ignore[index] # a list
    assert (after["images"], sum(after["by_creator"].values())) == (70, 2)


def test_refused_rows_of_the_creator_go() -> None:
    lines = [msgspec.json.encode({"creator": name, "cover": "x"}) + b"\n" for name in (ANN, BOB)]
    found = redact("failed/rows/b/part-00001.jsonl", b"".join(lines), WHO)
    assert (found.found, found.body) == (1, lines[1])
    assert redact("failed/rows/b/part-00001.jsonl", lines[0], WHO).body is None


def record(*creators: str) -> str:
    rows = [cover_row(number, name) for number, name in enumerate(creators)]
    return base64.b64encode(record_of(rows, header("b"))).decode()


def rows_in(data: str) -> list[tuple[str, str]]:
    return [(row.creator, row.url) for row in unpack(base64.b64decode(data)).cover_rows()]


def test_rows_of_failed_batches_go_and_others_stay_as_they_are() -> None:
    datas = [record(BOB, ANN, "eve", ANN), record(ANN), record(BOB)]
    document = {
        "requestContext": {"condition": "RetryAttemptsExhausted"},
        "payload": msgspec.json.encode(
            {"Records": [{"kinesis": {"data": data}} for data in datas]}
        ).decode(),
    }
    found = redact(FAILED, msgspec.json.encode(document), WHO)
    assert found.found == 3
    assert found.body is not None
    after: dict[str, Any] = msgspec.json.decode(found.body)
    records = msgspec.json.decode(after["payload"])["Records"]
    kept = [each["kinesis"]["data"] for each in records]
    before = rows_in(datas[0])
    assert [rows_in(data) for data in kept] == [[before[0], before[2]], rows_in(datas[2])]
    assert after["requestContext"] == document["requestContext"]


def test_a_failed_batch_of_the_creator_alone_goes() -> None:
    payload = msgspec.json.encode({"Records": [{"kinesis": {"data": record(ANN)}}]}).decode()
    assert redact(FAILED, msgspec.json.encode({"payload": payload}), WHO).body is None


@pytest.mark.parametrize("data", [b"", b"\x09future", b"\x01\xff\xff"])
def test_a_record_that_cannot_be_decoded_is_reported(data: bytes) -> None:
    body = msgspec.json.encode({"data": base64.b64encode(data).decode()})
    found = redact(POISON, body, WHO)
    assert (found.unreadable, found.body) == (True, body)


def test_a_record_that_cannot_be_decoded_but_names_the_creator_goes() -> None:
    """Its beginning can often be unpacked."""
    whole = base64.b64decode(record(ANN, BOB))
    body = msgspec.json.encode({"data": base64.b64encode(whole + b"tail").decode()})
    assert redact(POISON, body, WHO).found == 1
    assert redact(POISON, body, WHO).body is None


def test_other_objects_are_not_documents() -> None:
    assert redact("collages/x.jpg", b"ann.b", WHO).found == 0


def test_copies_of_dropped_records_lose_the_creators_rows() -> None:
    data = base64.b64encode(record_of([cover_row(1, ANN), cover_row(1, BOB)], header()))
    body = msgspec.json.encode({"reason": "x", "data": data.decode()})
    found = redact(f"failed/dropped/record/{POISON}", body, WHO)
    assert found.found == 1
    assert found.body is not None
    left = unpack(base64.b64decode(msgspec.json.decode(found.body)["data"]))
    assert left.creators == (BOB,)


@pytest.mark.parametrize(
    ("letter", "goes"),
    [
        ({"window_id": "ann.b:000001", "body": "{}"}, True),
        ({"window_id": None, "body": '{"creators": ["ann.b"]}'}, True),
        ({"window_id": "bob:000001", "body": "{}"}, False),
    ],
)
def test_a_copy_of_a_dropped_message_goes_as_a_whole(letter: dict[str, Any], goes: bool) -> None:  # noqa: FBT001 - both ways
    body = msgspec.json.encode(letter)
    found = redact("failed/dropped/collage/2026/11/21/m.json", body, WHO)
    assert (found.found, found.body) == ((1, None) if goes else (0, body))
