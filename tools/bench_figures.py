"""The table of what `make bench` measured, from ``bench-results.json``. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from tools.markdown import markdown_table

_COLUMNS = ("benchmark", "ours", "peer", "times as good", "to reach", "reached")
_OURS = "ours"
_WHOLE = 100
"""Figures from here on are shown without decimals."""
_ABOUT = {
    "compose": "35 JPEG covers in memory to a collage, one thread",
    "collage": "the same over HTTP, then over HTTPS: images a second of CPU",
    "photos": "a photo's renditions or rotations, one thread: seconds of CPU, peak memory",
    "uploads": "from an upload until its outputs are listed, on the embedded AWS",
    "extract": "MySQL to packed records, no network: rows a second of CPU",
    "pack": "rows through one shard of Kinesis",
    "fold": "packed records to states and windows, 2 million rows",
    "state": "DynamoDB write units an image: sorted batch, then row by row",
    "push": "500,000 rows from MariaDB to the embedded Kinesis",
    "end_to_end": "20,000 images, everything on this machine",
    "cold_start": "import of a handler from its bundle, the bundle's size, and start of a command",
    "console": "a page over 5,000 windows and 411 batches until its data are shown, in chromium",
    "suite": "`make test`",
}
"""What each benchmark measures, in the order of the table."""
KEY_FIGURES = {
    "push": ("a push from MariaDB into the stream", "async-kinesis", "async-kinesis, row by row"),
    "fold": ("windowing, one core", None, ""),
    "compose": ("a collage of 35 covers, one thread", "plain", "plain Pillow"),
    "collage.https": ("covers over HTTPS into collages", "plain", "requests and plain Pillow"),
    "photos.24 MP": ("four renditions of a 24-megapixel photo", "plain", "plain Pillow"),
    "photos.augmentation of 24 MP": ("its square and four rotations", "plain", "plain Pillow"),
    "end_to_end": ("the whole pipeline on this machine", None, ""),
    "state": ("DynamoDB writes in a sorted batch", "item per URL", "an item for each URL"),
    "cold_start.collage.handler": ("import of the collage function", None, ""),
}
"""Results in the short table: what they measure, the peer to name, and what the peer is."""


def figures_table(results: Mapping[str, Any]) -> str:
    """Return the machine, the date of the oldest figure, and a row for each figure and peer."""
    found = {
        benchmark: [name for name in results if name.split(".")[0] == benchmark]
        for benchmark in _ABOUT
    }
    every = [name for names in found.values() for name in names]
    rows: list[tuple[str, ...]] = []
    for benchmark, names in found.items():
        if names:
            rows.append((f"**{benchmark}**: {_ABOUT[benchmark]}", "", "", "", "", ""))
        rows += [cells for name in names for cells in _rows(name, results[name])]
    measured = f"\nMeasured on {oldest_date(results, every)}: {machines_of(results, every)}."
    return measured + _load(results, every) + "\n" + markdown_table(_COLUMNS, rows)


def _load(results: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return how busy the machine was with something else, how long all took, and its pace.

    Empty if results of an older run, which did not say so, are among them.
    """
    runs = {name.split(".")[0]: results[name] for name in names}
    if not all("loops_ms" in run for run in runs.values()):
        return ""
    busy = max(run["busy_cores"] for run in runs.values())
    minutes = sum(run["took_s"] for run in runs.values()) / 60
    loops = [run["loops_ms"] for run in runs.values()]
    return (
        f" Before each benchmark at most {busy:.2g} cores were busy with something else;"
        f" all took {minutes:.0f} minutes. The same loop took {min(each[0] for each in loops):.0f}"
        f" to {max(each[2] for each in loops):.0f} ms of CPU."
    )


def key_figures_table(results: Mapping[str, Any]) -> str:
    """Return the few figures that README shows, each with one peer of the same run."""
    rows = []
    for name, (what, peer, about) in KEY_FIGURES.items():
        entry = results[name]
        ratio = entry["ratio"].get(peer)
        beside = "" if ratio is None else f"{ratio:.1f} times as good as {about}"
        rows.append((what, f"{_figure(entry['ours'])} {entry['unit']}", beside))
    return markdown_table(("what", "figure", "compared in the same run"), rows)


def machines_of(results: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return a description of each machine that some results were measured on."""
    machines = (results[name].get("machine") or results["machine"] for name in names)
    return "; ".join(dict.fromkeys(_machine(machine) for machine in machines))


def _machine(machine: str | Mapping[str, Any]) -> str:
    if isinstance(machine, str):
        return machine
    return f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"


def oldest_date(results: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the day on which the oldest of some results was measured."""
    dates = (str(results[name].get("date") or results.get("date", "unknown")) for name in names)
    return min(dates)[:10]


def _rows(name: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, ...]]:
    ours = "not measured" if entry["ours"] is None else f"{_figure(entry['ours'])} {entry['unit']}"
    limits, reached = entry["limit"], entry["reached"]
    yield name, ours, "", "", limits.get(_OURS, ""), _verdict(reached, _OURS)
    for peer, theirs in entry["peers"].items():
        ratio = entry["ratio"][peer]
        shown = "missing" if theirs is None else _figure(theirs)
        times = "" if ratio is None else f"{ratio:.2f}"
        yield "", "", f"{peer}: {shown}", times, limits.get(peer, ""), _verdict(reached, peer)


def _verdict(reached: Mapping[str, bool | None], name: str) -> str:
    if name not in reached:
        return ""
    return {True: "yes", False: "**no**", None: "not measured"}[reached[name]]


def _figure(value: float) -> str:
    return f"{value:,.0f}" if abs(value) >= _WHOLE else f"{value:.3g}"
