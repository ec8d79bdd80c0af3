"""Marks: what a push reads, and where the next one continues."""

from __future__ import annotations

from datetime import timedelta

import pytest

from stream_ingest.contracts.errors import UserError
from stream_ingest.push.marks import (
    KeyMark,
    Mark,
)
from stream_ingest.sources.timerange import TimeRange
from tests.fakes.ingest.memory_table import DAY, HOUR, START, Table, advanced

ALL = TimeRange()


def test_without_dedup_an_overlap_is_refused() -> None:
    """The rows of the overlap would be in two collages."""
    with pytest.raises(UserError, match="add --overlap 0"):
        Table(has_key=True).plan(None, dedup=False)


def test_without_dedup_no_row_is_read_twice() -> None:
    """Pushes go by created_at alone, and each starts exactly where the one before ended."""
    table, mark, read = Table(has_key=True), None, []
    for minute in range(10):
        table.now = START + timedelta(minutes=minute)
        table.insert("a", table.now - timedelta(seconds=30), table.now)
        table.insert("a", table.now + timedelta(seconds=30), table.now)
        reading = table.plan(mark, overlap=timedelta(), dedup=False)
        read += list(table.read(reading.selection))
        mark = advanced(mark, reading)
    assert len(read) == len(set(read)) == 19


def test_a_table_that_was_made_anew_is_read_from_its_beginning() -> None:
    table = Table(has_key=True)
    for _ in range(9):
        table.insert("a", START, START)
    mark = advanced(None, table.plan(None))
    table.rows, table.next_key, table.now = [], 1, START + 9 * DAY
    table.insert("a", START - 100 * DAY, START)
    reading = table.plan(mark, overlap=timedelta())
    assert table.read(reading.selection) == set(table.rows)
    assert "but was 9: reading the whole table again" in reading.notes[0]
    mark = advanced(mark, reading)
    assert mark is not None
    assert mark.keys[-1].key == 1


def test_rows_in_the_overlap_count_as_read_again_by_time_and_key() -> None:
    table = Table(has_key=True)
    table.insert("a", START, START)
    mark = advanced(None, table.plan(None))
    chosen = table.plan(mark).selection
    assert (chosen.read_before, chosen.read_key) == (START, 1)
    since = table.plan(mark, last_push=False, within=ALL).selection
    assert (since.read_before, since.read_key) == (None, None)


def test_a_long_history_of_keys_is_thinned() -> None:
    """Each minute of two months: hours of two days and days of a month stay."""
    mark = Mark(until=START, keys=(KeyMark(START, 0),))
    for minute in range(1, 60 * 24 * 60, 7):
        moment = START + timedelta(minutes=minute)
        mark = mark.advanced(moment, (KeyMark(moment, minute),))
    assert 60 < len(mark.keys) < 100
    for overlap in (HOUR, DAY, 7 * DAY, 30 * DAY):
        key = mark.key_before(overlap)
        assert key is not None
        age = timedelta(minutes=mark.keys[-1].key - key)
        assert overlap <= age <= overlap + (DAY + HOUR if overlap > DAY else 2 * HOUR)


def test_an_overlap_longer_than_the_history_starts_at_its_beginning() -> None:
    keys = (KeyMark(START, 5), KeyMark(START + HOUR, 9))
    assert Mark(until=START + HOUR, keys=keys).key_before(30 * DAY) == 5
    assert Mark(until=START).key_before(DAY) is None


def test_a_push_that_starts_within_the_overlap_does_not_move_the_mark() -> None:
    """Else two such pushes carry the mark over a late row that neither has read."""
    table = Table(has_key=False, now=START)
    mark = advanced(None, table.plan(None))
    assert mark is not None
    late = table.insert("a", START - 0.9 * DAY, START)
    table.now += HOUR
    reading = table.plan(mark, last_push=False, within=TimeRange(since=mark.until))
    assert "may be unread" in reading.notes[0]
    mark = advanced(mark, reading)
    table.now += 2 * DAY
    assert late in table.read(table.plan(mark).selection)


def test_a_push_of_some_creators_does_not_move_the_mark() -> None:
    table = Table(has_key=False, now=START)
    row = table.insert("b", START, START)
    reading = table.plan(None, last_push=False, within=ALL, creators=("a",))
    assert "only rows of some creators" in reading.notes[0]
    table.now += 9 * DAY
    assert row in table.read(table.plan(advanced(None, reading)).selection)


def test_a_push_that_ends_earlier_marks_the_keys_up_to_there() -> None:
    table = Table(has_key=True, now=START)
    table.insert("a", START - 2 * DAY, START)
    later = table.insert("a", START - HOUR, START)
    within = TimeRange(until=START - DAY)
    mark = advanced(None, table.plan(None, within=within))
    assert mark == Mark(until=START - DAY, keys=(KeyMark(START - DAY, 1),))
    later.created_at = START - 100 * DAY
    assert later in table.read(table.plan(mark, overlap=timedelta()).selection)


def test_a_mark_can_be_moved_over_a_gap() -> None:
    table = Table(has_key=True, now=START)
    table.insert("a", START - 9 * DAY, START)
    within = TimeRange(since=START - DAY)
    reading = table.plan(None, last_push=False, within=within, move_mark=True)
    assert (reading.moves, reading.notes) == (True, ())
    assert table.read(table.plan(advanced(None, reading)).selection) == set()


def test_a_row_that_commits_after_the_first_push_is_found_by_its_key() -> None:
    """Its key is smaller than the greatest one that the first push saw."""
    table = Table(has_key=True, now=START)
    table.insert("a", START, START)
    slow = table.insert("a", START - 2 * DAY, START + DAY / 2)
    table.insert("a", START, START)
    mark = advanced(None, table.plan(None))
    table.now += DAY
    assert slow in table.read(table.plan(mark).selection)
