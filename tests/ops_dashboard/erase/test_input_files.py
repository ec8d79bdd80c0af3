from __future__ import annotations

import gzip
from datetime import UTC, datetime, timedelta

import pytest

from ops_dashboard.erase.bucket import Bucket
from ops_dashboard.erase.input_files import ROWS, InputFiles, without_creator
from ops_dashboard.erase.report import UNREADABLE_FILES, WAITING_FILES
from ops_dashboard.erase.subject import Subject
from tests.fakes.ingest.threads import InlineExecutor
from tests.fakes.ops.table import OpsTable

ANN = Subject("ann")
HEADER = "creator_name,cover_url,created_at\r\n"
BOB = 'bob,"[""a"",\n""b""]",2026-11-01\r\n'
FILE = f"{HEADER}ann,x,2026-11-01\r\n{BOB}\r\n ann ,y,2026-11-01\r\nannabel,z,2026-11-01"
WITHOUT = f"{HEADER}{BOB}\r\nannabel,z,2026-11-01"


def test_the_creators_rows_go_and_all_other_bytes_stay() -> None:
    found = without_creator(FILE.encode(), ANN)
    assert (found.found, found.body) == (2, WITHOUT.encode())


def test_compressed_files_and_other_dialects_are_read_as_the_intake_reads_them() -> None:
    packed = without_creator(gzip.compress(FILE.encode()), ANN)
    assert packed.body is not None
    assert gzip.decompress(packed.body) == WITHOUT.encode()
    other = "created_at;cover_url;creator_name\nd;x;ann\nd;y;bob\n"
    assert without_creator(other.encode(), ANN).body == other.replace("d;x;ann\n", "").encode()


def test_columns_of_the_metadata_are_known() -> None:
    other = "Autor;Bild;Datum\nann;x;d\nbob;y;d\n"
    columns = "creator=Autor,cover=Bild,created_at=Datum"
    assert without_creator(other.encode(), ANN).unreadable
    found = without_creator(other.encode(), ANN, columns)
    assert (found.found, found.body) == (1, other.replace("ann;x;d\n", "").encode())
    assert without_creator(other.encode(), ANN, "nonsense").unreadable


def test_a_dropped_file_with_columns_loses_the_rows_and_nothing_else(ops_table: OpsTable) -> None:
    s3 = ops_table.aws.s3
    s3.create_bucket(Bucket="input")
    metadata = {"columns": "creator=%C3%84utor,cover=Bild,created_at=Datum"}
    key = "archived/processed/2026/11/01/b/a.csv"
    body = "Äutor;Bild;Datum\nann;x;d\nbob;y;d\n"
    s3.put_object(Bucket="input", Key=key, Body=body.encode(), Metadata=metadata)
    later = datetime.now(UTC) + timedelta(days=2)
    files = InputFiles(ANN, Bucket(s3, "input"), InlineExecutor(), lambda: later)
    assert files.work(remove=True) == {ROWS: 1}
    left = s3.get_object(Bucket="input", Key=key)
    assert left["Body"].read() == body.replace("ann;x;d\n", "").encode()
    assert left["Metadata"] == metadata


@pytest.mark.parametrize("body", [b"\x89PNG\r\n\x1a\n", b"no,header\n1,2\n"])
def test_a_file_that_is_not_ours_is_unchanged(body: bytes) -> None:
    found = without_creator(body, ANN)
    assert (found.unreadable, found.body) == (True, body)


def test_every_version_of_an_archived_file_loses_the_rows(ops_table: OpsTable) -> None:
    s3 = ops_table.aws.s3
    s3.create_bucket(Bucket="input")
    s3.put_bucket_versioning(Bucket="input", VersioningConfiguration={"Status": "Enabled"})
    for key in ("archived/processed/2026/11/01/b/a.csv", "csv-files/new.csv"):
        for _ in range(2):
            s3.put_object(Bucket="input", Key=key, Body=FILE.encode())
    s3.put_object(Bucket="input", Key="archived/photo.png", Body=b"\x89PNG")

    def files(now: datetime) -> InputFiles:
        return InputFiles(ANN, Bucket(s3, "input"), InlineExecutor(), lambda: now)

    now = datetime.now(UTC)
    assert files(now).work(remove=True) == {ROWS: 4, WAITING_FILES: 2, UNREADABLE_FILES: 1}
    bodies = {
        (each.key, each.id): s3.get_object(Bucket="input", Key=each.key, VersionId=each.id)[
            "Body"
        ].read()
        for each in Bucket(s3, "input").versions("archived/processed/")
    }
    assert list(bodies.values()) == [WITHOUT.encode()]
    later = files(now + timedelta(days=2)).work(remove=True)
    assert later == {ROWS: 2, WAITING_FILES: 1, UNREADABLE_FILES: 1}, (
        "what is current may be read yet"
    )
