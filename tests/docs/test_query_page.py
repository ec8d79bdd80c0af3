"""The queries of docs/guide/query.md, run as they are written on moto's table."""

from __future__ import annotations

import json
import re
import shlex
from collections.abc import Iterator
from typing import Any

import boto3
import jmespath
import pytest
from moto import mock_aws

from stream_ingest.contracts import table
from stream_ingest.contracts.settings import FlushPolicy
from stream_ingest.contracts.timestamps import parse_utc
from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.ingest.aws import TABLE, IngestAws
from tests.fakes.ingest.rows import header
from tests.fakes.ops.table import OpsTable
from tests.paths import ROOT

PAGE = (ROOT / "docs" / "guide" / "query.md").read_text(encoding="utf-8")
BATCH = header("csv-covers-8d0f6c1e2b3a4d5c", images=1, flush=FlushPolicy(kind="batch-end"))
SOURCE = "s3://coverstream-dev-input/csv-files/covers.csv?versionId=3"
TEN = int(parse_utc("2026-11-28T10:00:00Z").timestamp())
_QUERY = re.compile(r"^## (?P<title>.+?)$|^```bash\n(?P<text>.*?)^```$", re.MULTILINE | re.DOTALL)


@pytest.fixture
def aws(monkeypatch: pytest.MonkeyPatch) -> Iterator[IngestAws]:
    """Moto's AWS with the table."""
    set_aws_variables(monkeypatch)
    with mock_aws():
        yield IngestAws({name: boto3.client(name) for name in ("dynamodb", "events", "s3")})  # type: ignore[call-overload]  # a name at run time


@pytest.fixture
def dynamodb(aws: IngestAws) -> Any:  # noqa: ANN401 - a boto3 client
    """Charli's three windows and one of dixie; the second of charli failed, dixie's waits."""
    filled = OpsTable(aws)
    aws.clock.now_s = TEN
    aws.registry.register(BATCH, SOURCE)
    for number in range(3):
        filled.fold("charli", [number], BATCH, TEN + 600 * number)
    filled.fold("dixie", [7], BATCH, TEN + 30)
    for number, duration_ms in ((1, 900), (3, 10_000)):
        filled.end(
            f"charli:{number:06d}",
            "completed",
            images_ok=1,
            images_failed=0,
            duration_ms=duration_ms,
            bytes_downloaded=70_000,
            completed_at="2026-11-28T10:30:00+00:00",
            collage_key=f"collages/{number}.jpg",
            request_id=f"request-{number}",
        )
    filled.end(
        "charli:000002",
        "failed",
        images_ok=0,
        images_failed=1,
        duration_ms=2_000,
        bytes_downloaded=0,
        error="every image failed",
        request_id="request-2",
    )
    aws.set_item("dixie", "window#000001", stage="queued")
    return aws.dynamodb


def commands() -> Iterator[tuple[str, str]]:
    """Yield the page's commands with the headings above them."""
    title = ""
    for match in _QUERY.finditer(PAGE):
        if match["title"]:
            title = match["title"]
        else:
            yield title, match["text"]


def run(command: str, dynamodb: Any) -> Any:  # noqa: ANN401 - what the command prints
    """Run an `aws dynamodb` command by way of boto3, which checks its parameters."""
    program, service, operation, *options = shlex.split(
        command.replace("\\\n", " ").replace("$TABLE", TABLE)
    )
    assert (program, service) == ("aws", "dynamodb")
    request: dict[str, Any] = {}
    words = iter(options)
    for word in words:
        name = "".join(part.capitalize() for part in word.removeprefix("--").split("-"))
        if word == "--no-scan-index-forward":
            request["ScanIndexForward"] = False
            continue
        value = next(words)
        request[name] = json.loads(value) if value.startswith("{") or value.isdigit() else value
    expression = request.pop("Query")
    answer = getattr(dynamodb, operation.replace("-", "_"))(**request)
    return jmespath.search(expression, answer)


EXPECTED: list[Any] = [
    [
        ["charli:000003", "2026-11-28T10:20:00Z", "collages/3.jpg"],
        ["charli:000002", "2026-11-28T10:10:00Z", None],
        ["charli:000001", "2026-11-28T10:00:00Z", "collages/1.jpg"],
    ],
    [
        ["charli:000003", "2026-11-28T10:20:00Z", "collages/3.jpg"],
        ["charli:000002", "2026-11-28T10:10:00Z", None],
        ["charli:000001", "2026-11-28T10:00:00Z", "collages/1.jpg"],
    ],
    [
        ["2026-11-28T10:20:00Z", "charli", "collages/3.jpg", "1", "10000"],
        ["2026-11-28T10:00:00Z", "charli", "collages/1.jpg", "1", "900"],
    ],
    [["2026-11-28T10:10:00Z", "charli:000002", "1", "every image failed", "request-2"]],
    1,
    [
        ["charli", "completed", "1", "0", "900", "2026-11-28T10:30:00+00:00", "collages/1.jpg"],
        ["dixie", "ready", None, None, None, None, None],
        ["charli", "failed", "0", "1", "2000", None, None],
        ["charli", "completed", "1", "0", "10000", "2026-11-28T10:30:00+00:00", "collages/3.jpg"],
    ],
    [["charli", "10000", "70000"], ["charli", "2000", "0"], ["charli", "900", "70000"]],
    "csv-covers-8d0f6c1e2b3a4d5c",
    [SOURCE, "sending", "2026-11-28T10:00:00Z"],
    ["request-2", "2000", "0"],
]


@pytest.mark.parametrize(
    ("command", "expected"),
    [
        pytest.param(command, expected, id=title)
        for (title, command), expected in zip(commands(), EXPECTED, strict=True)
    ],
)
def test_a_query_of_the_page_answers_its_question(
    dynamodb: Any,  # noqa: ANN401 - a boto3 client
    command: str,
    expected: object,
) -> None:
    assert run(command, dynamodb) == expected


def test_every_attribute_that_the_page_says_is_in_an_index_is_in_it() -> None:
    rows = [line.split("|")[2:4] for line in PAGE.splitlines() if line.startswith("| `")]
    assert len(rows) == 8
    indexes = {
        "batch-id-index": {*table.BATCH_INDEX_ATTRIBUTES},
        "status-date-index": {*table.STATUS_INDEX_ATTRIBUTES, table.CLOSED_AT, "status"},
    }
    for names, places in rows:
        chosen = indexes if "both" in places else {"batch-id-index"}
        for name in re.findall(r"`([a-z_]+)`", names):
            assert all(name in indexes[index] for index in chosen), name


def test_attributes_with_reserved_names_have_a_placeholder() -> None:
    """DynamoDB refuses `status`, `item` and `source` where an expression names them."""
    for _, command in commands():
        for expression in re.findall(r"--[a-z-]+-expression '([^']*)'", command):
            names = re.findall(r"(?<![#:\w])[a-z_]+(?![\w(])", expression)
            assert {"status", "item", "source"}.isdisjoint(names), expression


def test_moto_projects_as_the_index_says(dynamodb: Any) -> None:  # noqa: ANN401 - a boto3 client
    """Else the queries above would prove nothing about the indexes."""
    command = next(text for title, text in commands() if title.startswith("What failed last"))
    items = run(re.sub(r"--query '.*'", "--query 'Items'", command), dynamodb)
    assert items
    allowed = {*table.STATUS_INDEX_ATTRIBUTES, table.CLOSED_AT, "status", "creator_name", "item"}
    assert set(items[0]) <= allowed
