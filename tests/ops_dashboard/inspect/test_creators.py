from __future__ import annotations

from datetime import UTC, datetime

import pytest

from ops_dashboard.inspect import creators
from ops_dashboard.inspect.creators import CreatorReader
from stream_ingest.contracts.settings import BATCH_END, FlushPolicy
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import NOW_S, header
from tests.fakes.ops.table import OpsTable

HOSTILE = "<b>\u202eevil [red]"


@pytest.fixture
def reader(ops_table: OpsTable) -> CreatorReader:
    return CreatorReader(ops_table.aws.dynamodb, TABLE)


def names(reader: CreatorReader, prefix: str = "", limit: int = 50) -> list[str]:
    """Return the names on all pages."""
    page = reader.list_page(prefix, limit=limit)
    found = [each.creator for each in page.creators]
    while page.next is not None:
        page = reader.list_page(prefix, limit=limit, after=page.next)
        found += [each.creator for each in page.creators]
    return found


def test_a_creator_has_an_open_window_for_each_configuration(
    ops_table: OpsTable, reader: CreatorReader
) -> None:
    idle = FlushPolicy(kind="idle", idle_s=3_600)
    ops_table.fold("charli", range(5), header("first", images=3, flush=idle), NOW_S)
    ops_table.fold("charli", range(10, 14), header("second", flush=BATCH_END), NOW_S + 60)
    creator = reader.find("charli")
    assert creator is not None
    assert (creator.windows_closed, creator.open_images, creator.known_images) == (1, 6, 9)
    assert creator.last_batch == "second"
    fuller, emptier = creator.open
    assert (fuller.images, fuller.size, fuller.batch_id) == (4, 35, "second")
    assert fuller.closes_because == "batch-end"
    assert (emptier.images, emptier.size, emptier.batch_id) == (2, 3, "first")
    assert emptier.touched_at == datetime.fromtimestamp(NOW_S, UTC)
    assert emptier.closes_at == datetime.fromtimestamp(NOW_S + 3_600, UTC)
    assert emptier.closes_because == "idle"
    assert emptier.oldest_cover_at < emptier.touched_at


def test_a_window_that_waits_until_it_is_full_has_no_closing_time(
    ops_table: OpsTable, reader: CreatorReader
) -> None:
    ops_table.fold("charli", [1], header("b", flush=FlushPolicy(kind="never")))
    creator = reader.find("charli")
    assert creator is not None
    assert (creator.open[0].closes_at, creator.open[0].closes_because) == (None, None)


def test_an_unknown_creator_is_none(reader: CreatorReader) -> None:
    assert reader.find("nobody") is None


def test_a_hostile_name_is_found_exactly_and_by_prefix(
    ops_table: OpsTable, reader: CreatorReader
) -> None:
    ops_table.fold(HOSTILE, [1, 2], header("b"))
    creator = reader.find(HOSTILE)
    assert creator is not None
    assert creator.creator == HOSTILE
    assert names(reader, "<b>\u202e") == [HOSTILE]


def test_creators_are_found_by_prefix(ops_table: OpsTable, reader: CreatorReader) -> None:
    for name in ("charli", "charlie", "Charlotte", "addison"):
        ops_table.fold(name, range(3), header("b", images=2))
    assert names(reader) == ["Charlotte", "addison", "charli", "charlie"]
    assert names(reader, "char") == ["charli", "charlie"]
    assert names(reader, "Char") == ["Charlotte", "charli", "charlie"]
    assert names(reader, "zoe") == []
    (entry,) = reader.list_page("addison").creators
    assert (entry.key, entry.open_images, entry.last_batch) == ("addison", 1, "b")


@pytest.mark.parametrize("limit", [1, 2, 3, 7])
def test_pages_of_any_size_show_every_creator_once(
    ops_table: OpsTable, reader: CreatorReader, limit: int
) -> None:
    for number in range(7):
        ops_table.fold(f"creator{number}", range(3), header(f"b{number % 2}", images=2))
    assert sorted(names(reader, limit=limit)) == [f"creator{number}" for number in range(7)]


def test_a_search_that_reads_too_much_continues_by_its_cursor(
    ops_table: OpsTable, reader: CreatorReader, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A page is bounded by what it reads, so that a big table does not time out a console."""
    monkeypatch.setattr(creators, "MAX_READS", 1)
    for number in range(6):
        ops_table.fold(f"creator{number}", [1], header("b"))
    monkeypatch.setattr(reader._table, "scan", _small_pages(reader._table.scan))  # noqa: SLF001 - DynamoDB's pages of 1 MB, made small
    first = reader.list_page("creator5")
    assert first.creators == []
    assert first.next is not None
    assert names(reader, "creator5") == ["creator5"]


def _small_pages(scan: object) -> object:
    return lambda **request: scan(**request, Limit=2)  # type: ignore[operator]
