"""Results of a simulation: parts merged, laws checked, figures, a table, JSON. Pure."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from rich.table import Table

from tests.simulate.limits import (
    MAX_ACTIONS,
    MAX_ITEM_BYTES,
    MAX_PAYLOAD_BYTES,
    MAX_TRANSACTION_BYTES,
    READ_UNITS_A_SECOND,
    WRITE_UNITS_A_SECOND,
)
from tests.simulate.pipeline import Part, Sample, Scale
from tests.simulate.worst import Worst

POINTS = 100
"""Maximum number of points of a curve."""


class Point(msgspec.Struct, frozen=True, kw_only=True):
    """The state of the whole simulation after some rows; one point of every plot."""

    rows: int
    seconds: float
    cpu_s: float
    write_units: int
    read_units: int
    commits: int
    creators: int
    windows: int
    full_windows: int
    hottest: int
    largest_item: int
    largest_images_item: int
    memory_mb: float


def points(parts: Sequence[Part]) -> list[Point]:
    """Return the course of all parts together: they run in parallel, over the same rows."""
    courses = [part.samples for part in parts]
    together = [_point(samples) for samples in zip(*courses, strict=True)]
    step = max(1, len(together) // POINTS)
    return [*together[step - 1 : -1 : step], together[-1]]


def _point(samples: Sequence[Sample]) -> Point:
    figures = [sample.figures for sample in samples]
    return Point(
        rows=samples[0].rows,
        seconds=max(sample.seconds for sample in samples),
        cpu_s=sum(sample.cpu_s for sample in samples),
        write_units=sum(each.write_units for each in figures),
        read_units=sum(each.read_units for each in figures),
        commits=sum(each.commits for each in figures),
        creators=sum(sample.creators for sample in samples),
        windows=sum(each.windows for each in figures),
        full_windows=sum(each.full_windows for each in figures),
        hottest=max(sample.hottest for sample in samples),
        largest_item=max(each.largest_item for each in figures),
        largest_images_item=max(each.largest_images_item for each in figures),
        memory_mb=sum(sample.memory_mb for sample in samples),
    )


def laws(scale: Scale, parts: Sequence[Part], worst: Worst) -> dict[str, bool]:
    """Return the laws and whether each holds."""
    rows = sum(part.rows for part in parts)
    accepted = sum(part.accepted for part in parts)
    duplicates = sum(part.duplicates for part in parts)
    images = sum(part.samples[-1].figures.images for part in parts)
    waiting = sum(part.open_images for part in parts)
    return {
        "every row was folded": rows == scale.rows == accepted + duplicates,
        "every repeated image was recognised": duplicates == sum(p.repeated for p in parts),
        "every accepted image is in one window": images == accepted and waiting == 0,
        "no row of the worst creator was lost or doubled": worst.rows
        == worst.images_in_windows + worst.images_waiting,
    }


def index_loads(parts: Sequence[Part]) -> dict[str, int]:
    """Return the write units a second of the busiest partition of each index, on average."""
    together: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))
    for part in parts:
        for name, seconds in part.index_seconds.items():
            for second, units in seconds.items():
                together[name][second] += units
    loads: dict[str, int] = defaultdict(int)
    for name, seconds in together.items():
        length = max(seconds) - min(seconds) + 1
        index = name.split(" ")[0]
        loads[index] = max(loads[index], round(sum(seconds.values()) / length))
    return dict(loads)


def figures(scale: Scale, parts: Sequence[Part], worst: Worst) -> dict[str, Any]:
    """Return all figures of a run, by name."""
    course = points(parts)
    last, before_end = course[-1], course[-2] if len(course) > 1 else course[-1]
    ended = [part.samples[-1].figures for part in parts]
    seconds: dict[str, float] = defaultdict(float)
    for part in parts:
        for name, spent in part.seconds.items():
            seconds[name] += spent
    hottest = max(parts, key=lambda part: part.samples[-1].hottest)
    return {
        "rows": scale.rows,
        "creators": last.creators,
        "shards": scale.shards,
        "ingest_rate_rows_s": scale.rate,
        "seconds": round(last.seconds, 1),
        "cpu_seconds": round(last.cpu_s, 1),
        "rows_per_cpu_second": round(scale.rows / last.cpu_s),
        "seconds_by_step": {name: round(spent, 1) for name, spent in seconds.items()},
        "peak_memory_mb": round(max(point.memory_mb for point in course)),
        "records": sum(part.records for part in parts),
        "invocations": sum(part.invocations for part in parts),
        "commits": last.commits,
        "accepted": sum(part.accepted for part in parts),
        "duplicates": sum(part.duplicates for part in parts),
        "windows": last.windows,
        "full_windows": last.full_windows,
        "write_units": last.write_units,
        "write_units_per_row": round(last.write_units / scale.rows, 3),
        "write_units_per_row_before_the_end": round(before_end.write_units / before_end.rows, 3),
        "index_share": round(sum(each.index_units for each in ended) / last.write_units, 3),
        "read_units_per_row": round(last.read_units / scale.rows, 3),
        "hottest_creator": hottest.hottest_key,
        "hottest_write_units_s": last.hottest,
        "hottest_read_units_s": max(part.hottest_reads for part in parts),
        "throttled": sum(each.throttled for each in ended),
        "index_write_units_s": index_loads(parts),
        "largest_item": last.largest_item,
        "largest_images_item": last.largest_images_item,
        "largest_transaction": max(each.largest_transaction for each in ended),
        "most_actions": max(each.most_actions for each in ended),
        "largest_payload": max(part.largest_payload for part in parts),
        "worst_creator": {
            "rows": worst.rows,
            "windows": worst.figures.windows,
            "largest_item": worst.figures.largest_item,
            "largest_images_item": worst.figures.largest_images_item,
            "largest_transaction": worst.figures.largest_transaction,
        },
        "laws": laws(scale, parts, worst),
    }


def table_of(found: dict[str, Any]) -> Table:
    """Return the figures that have a limit, and the most important ones."""
    table = Table(title=f"{found['rows']:,} rows of {found['creators']:,} creators")
    for title in ("figure", "value", "limit"):
        table.add_column(title, justify="left" if title == "figure" else "right")
    for row in _lines(found):
        table.add_row(*row)
    return table


def _lines(found: dict[str, Any]) -> Iterable[tuple[str, str, str]]:
    worst = found["worst_creator"]
    limited = (
        ("largest state item, bytes", found["largest_item"], MAX_ITEM_BYTES),
        ("largest state item of the worst creator", worst["largest_item"], MAX_ITEM_BYTES),
        ("largest images item", found["largest_images_item"], MAX_ITEM_BYTES),
        ("largest images item of the worst creator", worst["largest_images_item"], MAX_ITEM_BYTES),
        ("largest transaction, bytes", found["largest_transaction"], MAX_TRANSACTION_BYTES),
        ("largest transaction of the worst", worst["largest_transaction"], MAX_TRANSACTION_BYTES),
        ("most actions of a transaction", found["most_actions"], MAX_ACTIONS),
        ("largest invocation, bytes", found["largest_payload"], MAX_PAYLOAD_BYTES),
        ("hottest creator, write units/s", found["hottest_write_units_s"], WRITE_UNITS_A_SECOND),
        ("hottest creator, read units/s", found["hottest_read_units_s"], READ_UNITS_A_SECOND),
    )
    yield "time, s", f"{found['seconds']:,}", ""
    yield "rows/s of CPU", f"{found['rows_per_cpu_second']:,}", ""
    yield "memory, MB", f"{found['peak_memory_mb']:,}", ""
    yield "write units a row", f"{found['write_units_per_row']}", ""
    yield "windows closed (full)", f"{found['windows']:,} ({found['full_windows']:,})", ""
    for name, value, limit in limited:
        yield name, f"{value:,}", f"{limit:,}"
    for name, load in found["index_write_units_s"].items():
        yield f"{name}, write units/s", f"{load:,}", f"{WRITE_UNITS_A_SECOND:,}"
    for law, holds in found["laws"].items():
        yield law, "yes" if holds else "NO", ""
