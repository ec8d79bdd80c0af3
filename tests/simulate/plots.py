"""Plots of a simulation's course against its rows. Edge (disk, matplotlib).

Each has its axis from 0, so that what is flat looks flat, and the limit if there is one.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from itertools import pairwise
from pathlib import Path
from typing import Any

import matplotlib as mpl
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter

from tests.simulate.limits import MAX_ITEM_BYTES, WRITE_UNITS_A_SECOND

Course = Sequence[Mapping[str, float]]
_INK, _LIMIT, _SECOND = "#1f4e79", "#b03a2e", "#7f8c8d"
_MILLION, _KB = 1e6, 1_024


def draw(content: Mapping[str, Any], folder: Path) -> int:
    """Write a PNG for each figure and one with all; return how many."""
    mpl.use("Agg")
    course = content["course"]
    folder.mkdir(parents=True, exist_ok=True)
    for name, plot in PLOTS.items():
        figure = Figure(figsize=(7, 4), layout="constrained")
        _drawn(figure.subplots(), plot, course)
        figure.savefig(folder / f"{name}.png", dpi=120)
    figure = Figure(figsize=(14, 12), layout="constrained")
    for axes, plot in zip(figure.subplots(3, 2).flat, PLOTS.values(), strict=True):
        _drawn(axes, plot, course)
    figure.savefig(folder / "all.png", dpi=100)
    return len(PLOTS) + 1


def _drawn(axes: Axes, plot: Callable[[Axes, Course], None], course: Course) -> None:
    plot(axes, course)
    axes.set_xlabel("million rows")
    axes.set_xlim(0)
    axes.set_ylim(0)
    axes.grid(alpha=0.3)
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.4g}"))
    if axes.get_legend_handles_labels()[0]:
        axes.legend()


def _rows(course: Course) -> list[float]:
    return [point["rows"] / _MILLION for point in course]


def _steps(course: Course, name: str) -> list[float]:
    """Return how much something grew a row, between one point and the next."""
    return [
        (after[name] - before[name]) / (after["rows"] - before["rows"])
        for before, after in pairwise(_while_rows_come(course))
    ]


def _while_rows_come(course: Course) -> Course:
    """Return the course without its last point: the end of the batch brings no row."""
    return course[:-1]


def _line(axes: Axes, xs: Sequence[float], ys: Sequence[float], label: str = "") -> None:
    axes.plot(xs, ys, color=_INK, label=label or None)


def _time(axes: Axes, course: Course) -> None:
    axes.set_title("Time: microseconds of CPU a row, at that point")
    _line(axes, _rows(course)[1:-1], [each * 1e6 for each in _steps(course, "cpu_s")])


def _units(axes: Axes, course: Course) -> None:
    axes.set_title("Write units a row, indexes included")
    _line(axes, _rows(course)[1:-1], _steps(course, "write_units"), "at this point")
    overall = [point["write_units"] / point["rows"] for point in course]
    axes.plot(_rows(course), overall, color=_SECOND, label="of all rows so far")


def _hottest(axes: Axes, course: Course) -> None:
    axes.set_title("Hottest creator: write units in its busiest second so far")
    _line(axes, _rows(course), [point["hottest"] for point in course])
    axes.axhline(WRITE_UNITS_A_SECOND, color=_LIMIT, ls="--", label="limit of a partition")


def _largest(axes: Axes, course: Course) -> None:
    axes.set_title("Largest item so far, KB")
    _line(axes, _rows(course), [point["largest_item"] / _KB for point in course], "state")
    images = [point["largest_images_item"] / _KB for point in course]
    axes.plot(_rows(course), images, color=_SECOND, label="images of a window")
    axes.axhline(MAX_ITEM_BYTES / _KB, color=_LIMIT, ls="--", label="DynamoDB's limit")


def _windows(axes: Axes, course: Course) -> None:
    axes.set_title("Windows closed, thousands; the last step is the end of the batch")
    _line(axes, _rows(course), [point["windows"] / 1_000 for point in course], "all")
    full = [point["full_windows"] / 1_000 for point in course]
    axes.plot(_rows(course), full, color=_SECOND, label="full ones")


def _memory(axes: Axes, course: Course) -> None:
    axes.set_title("Memory of the simulation, MB: it holds the whole table")
    _line(axes, _rows(course), [point["memory_mb"] for point in course])


PLOTS: dict[str, Callable[[Axes, Course], None]] = {
    "time": _time,
    "write-units": _units,
    "hottest-partition": _hottest,
    "largest-item": _largest,
    "windows": _windows,
    "memory": _memory,
}
