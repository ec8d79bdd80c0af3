"""Pushes of a table in MariaDB: which rows are read, and where the next push continues."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path

import pytest

from ops_dashboard.local.mysql.server import create_schema
from tests.fakes.ingest.aws import OUTPUT
from tests.fakes.ingest.kinesis import FakeKinesis, raising
from tests.fakes.ingest.mysql import Database
from tests.fakes.ingest.rows import cover_url, object_id
from tests.stream_ingest.cli.conftest import Deployed, Push


@pytest.fixture
def database(mariadb_url: str) -> Database:
    asyncio.run(create_schema(mariadb_url))
    database = Database(mariadb_url)
    database.run("DELETE FROM videos_links")
    return database


def insert(database: Database, numbers: range, when: str) -> None:
    values = ", ".join(f"('c{n % 3}', '{cover_url(n)}', {when})" for n in numbers)
    database.run(f"INSERT INTO videos_links (creator, cover, created_at) VALUES {values}")  # noqa: S608 - a test's own values


def push_new(run: Push, database: Database, *options: str) -> tuple[int, int]:
    """Push with ``last_push``; return the numbers of rows read, and of those read again."""
    code, out, err = run("--mysql", database.url, "--since", "last_push", "--json", *options)
    assert code == 0, err
    report = json.loads(out)
    return report["rows_read"], report["rows_again"]


def test_last_push_means_rows_that_earlier_pushes_have_not_read(
    deployed: Deployed, run: Push, database: Database
) -> None:
    insert(database, range(10), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    assert push_new(run, database) == (10, 0)
    insert(database, range(10, 13), "UTC_TIMESTAMP() + INTERVAL 1 HOUR")
    assert push_new(run, database) == (13, 10)
    assert push_new(run, database, "--overlap", "0") == (3, 0)
    source = f"mysql://{database.address.place}/videos_links"
    assert source in repr(deployed.aws.snapshot())
    assert b"coverstream:" not in repr(deployed.aws.snapshot()).encode()
    assert database.address.password not in repr(deployed.aws.snapshot())


def test_rows_that_are_inserted_late_are_pushed_whatever_their_time(
    deployed: Deployed, run: Push, database: Database
) -> None:
    insert(database, range(3), "UTC_TIMESTAMP() - INTERVAL 2 DAY")
    assert push_new(run, database) == (3, 0)
    insert(database, range(3, 5), "UTC_TIMESTAMP() - INTERVAL 100 DAY")
    insert(database, range(5, 7), "UTC_TIMESTAMP() - INTERVAL 30 MINUTE")
    assert push_new(run, database, "--overlap", "0") == (4, 0)
    assert {object_id(n) for n in range(7)} == set(deployed.identities())


def test_a_push_that_leaves_a_gap_does_not_move_the_mark(
    deployed: Deployed, run: Push, database: Database
) -> None:
    """The rows before it would never be read."""
    insert(database, range(3), "UTC_TIMESTAMP() - INTERVAL 5 DAY")
    later = ("--mysql", database.url, "--since", "last_1_day")
    assert "no mark is set: rows before" in run(*later)[2]
    assert push_new(run, database) == (3, 0)
    insert(database, range(3, 5), "UTC_TIMESTAMP()")
    code, _, err = run("--mysql", database.url, "--since", "last_1_hour")
    assert (code, "the mark of last_push stays at" in err) == (0, True)
    assert "may be unread" in err
    assert push_new(run, database, "--overlap", "0")[0] == 2
    assert "stays" not in run(*later, "--move-mark")[2]
    assert len(deployed.kinesis.stored) > 0


def test_rows_that_are_read_again_are_not_refused_as_expired(
    deployed: Deployed, run: Push, database: Database
) -> None:
    """They were accepted while their URLs worked."""
    insert(database, range(2), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    assert push_new(run, database)[0] == 2
    database.run("UPDATE videos_links SET cover = CONCAT(cover, '?x-expires=1')")
    _, out, _ = run("--mysql", database.url, "--since", "last_push", "--json")
    assert json.loads(out)["refused"] == {"read_again": 2}
    assert deployed.aws.keys_in(OUTPUT) == []


@pytest.mark.parametrize(
    ("options", "complaint"),
    [
        (["--since", "last_push", "--overlap", "1 day"], "duration '1 day'"),
        (["--since", "last_push", "--overlap", "91d"], "longer than the 90 days"),
        (["--since", "2026-11-01", "--overlap", "1d"], "--overlap is for --since last_push"),
        (["--table", "a.b.c"], "expected TABLE or DATABASE.TABLE"),
        (["--table", "elsewhere.videos_links"], "elsewhere"),
    ],
)
def test_a_wrong_option_of_a_table_is_one_line(
    deployed: Deployed, run: Push, database: Database, options: list[str], complaint: str
) -> None:
    code, _, err = run("--mysql", database.url, *options)
    assert (code, err.count("\n")) == (2, 1)
    assert complaint in err
    assert deployed.kinesis.stored == []


def test_a_table_may_be_written_with_its_database(
    deployed: Deployed, run: Push, database: Database
) -> None:
    """It is the same table, so it has the same mark."""
    insert(database, range(4), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    elsewhere = database.url.replace("/tiktok_creator", "/mysql")
    table = ("--table", "tiktok_creator.videos_links", "--since", "last_push", "--json")
    code, out, err = run("--mysql", elsewhere, *table)
    assert (code, json.loads(out)["rows_read"]) == (0, 4), err
    assert push_new(run, database) == (4, 4)
    assert len(deployed.kinesis.stored) > 0


def test_a_push_of_some_creators_does_not_move_the_watermark(
    deployed: Deployed, run: Push, database: Database
) -> None:
    insert(database, range(9), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    arguments = ["--mysql", database.url, "--json"]
    assert json.loads(run(*arguments, "--creator", "c1")[1])["rows_read"] == 3
    assert json.loads(run(*arguments, "--since", "last_push")[1])["rows_read"] == 9
    assert len(deployed.kinesis.stored) > 0


def test_a_failed_push_does_not_move_the_watermark_and_is_resumed_with_its_address(
    deployed: Deployed, run: Push, database: Database, tmp_path: Path
) -> None:
    insert(database, range(9), "UTC_TIMESTAMP() - INTERVAL 1 HOUR")
    deployed.kinesis = FakeKinesis(raising("AccessDeniedException"))
    code, _, _ = run("--mysql", database.url, "--batch-id", "b")
    assert code == 2
    assert not any("last" in item["item"]["S"] for item in deployed.aws.snapshot())
    (kept,) = tmp_path.rglob("b.push")
    assert database.address.password.encode() not in kept.read_bytes()

    deployed.kinesis = FakeKinesis()
    other = database.url.replace("tiktok_creator", "elsewhere")
    assert "give that database's URL" in run("--resume", "--mysql", other)[2]
    code, out, _ = run("--resume", "--mysql", database.url, "--json")
    assert (code, json.loads(out)["rows_sent"]) == (0, 9)
    assert any("last" in item["item"]["S"] for item in deployed.aws.snapshot())
