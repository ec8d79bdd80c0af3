"""Results of benchmarks as values: figures, peers, limits, a table and a JSON file. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec
from rich.table import Table

OURS = "ours"
"""The key of a limit on our own figure; any other key is a peer's, and limits the ratio to it."""
TIMES = "\N{MULTIPLICATION SIGN}"


class Limit(msgspec.Struct, frozen=True, kw_only=True):
    """A target: at least, or at most, a value."""

    least: float | None = None
    most: float | None = None

    def is_met(self, value: float) -> bool:
        """Return whether a value is within the limit."""
        return (self.least is None or value >= self.least) and (
            self.most is None or value <= self.most
        )

    def words(self, unit: str) -> str:
        """Return the limit as text; a ratio's unit is `TIMES`."""
        parts = [("≥", self.least), ("≤", self.most)]
        return " ".join(
            f"{sign} {figure(value)}{unit}" for sign, value in parts if value is not None
        )


class Measure(msgspec.Struct, frozen=True, kw_only=True):
    """One measure: our figure, those of peers, and their limits.

    A text instead of a peer's figure says why it is missing. `ratios` are medians of paired runs;
    without them the figures are divided. A ratio says how many times better ours is, for rows a
    second and for seconds alike; for a limit of "at most" it says how many times ours uses what the
    peer uses.
    """

    name: str
    unit: str
    ours: float | None
    more_is_better: bool = True
    peers: dict[str, float | str] = {}
    ratios: dict[str, float] = {}
    limits: dict[str, Limit] = {}
    note: str = ""

    def ratio(self, peer: str) -> float | None:
        """Return the ratio to a peer in the sense of its limit, or None if either is missing."""
        theirs = self.peers.get(peer)
        if peer not in self.ratios and (isinstance(theirs, str) or not theirs or not self.ours):
            return None
        better = self.ratios.get(peer)
        if better is None and isinstance(theirs, float | int) and self.ours:
            better = self.ours / theirs if self.more_is_better else theirs / self.ours
        limit = self.limits.get(peer)
        is_cost = limit is not None and limit.most is not None
        return 1 / better if better and is_cost else better

    def reached(self) -> dict[str, bool | None]:
        """Return for each limit whether it is met; None if there is no figure to judge."""
        found = {name: self.ours if name == OURS else self.ratio(name) for name in self.limits}
        return {
            name: None if value is None else self.limits[name].is_met(value)
            for name, value in found.items()
        }

    def entry(self) -> dict[str, Any]:
        """Return the measure as the JSON file has it."""
        missing = {name: why for name, why in self.peers.items() if isinstance(why, str)}
        limits = {name: each.words(self._unit(name)) for name, each in self.limits.items()}
        return {
            "ours": self.ours,
            "unit": self.unit,
            "peers": {name: None if name in missing else self.peers[name] for name in self.peers},
            "limit": limits,
            "ratio": {name: _rounded(self.ratio(name)) for name in self.peers},
            "reached": self.reached(),
            **({"missing": missing} if missing else {}),
            **({"note": self.note} if self.note else {}),
        }

    def rows(self) -> Iterator[tuple[str, ...]]:
        """Yield the measure's rows of the table: one for our own figure, one for each peer."""
        reached = self.reached()
        ours = "missing" if self.ours is None else f"{figure(self.ours)} {self.unit}"
        own = (OURS in self.limits) or not self.peers
        if own:
            yield (self.name, ours, "", "", self._limit(OURS), _verdict(reached.get(OURS, "")))
        for number, (peer, theirs) in enumerate(self.peers.items()):
            is_first = not own and number == 0
            ratio = self.ratio(peer)
            yield (
                self.name if is_first else "",
                ours if is_first else "",
                f"{peer}: {'missing, ' + theirs if isinstance(theirs, str) else figure(theirs)}",
                "" if ratio is None else f"{ratio:.2f}{TIMES}",
                self._limit(peer),
                _verdict(reached.get(peer, "")),
            )

    def _limit(self, name: str) -> str:
        return self.limits[name].words(self._unit(name)) if name in self.limits else ""

    def _unit(self, name: str) -> str:
        return f" {self.unit}" if name == OURS else TIMES


def figure(value: float) -> str:
    """Return a figure with its significant digits."""
    if abs(value) >= 100 or value == int(value):
        return f"{value:,.0f}"
    return f"{value:.4g}"


def table_of(measures: Iterable[Measure]) -> Table:
    """Return the measures as a table; notes follow as its caption."""
    table = Table(show_lines=False, caption_justify="left")
    for title in ("benchmark", "ours", "peer", "ratio", "to reach", "reached"):
        table.add_column(title, no_wrap=title != "peer", justify="left")
    notes = []
    for measure in measures:
        for row in measure.rows():
            table.add_row(*row)
        notes += [f"{measure.name}: {measure.note}"] if measure.note else []
    table.caption = "\n".join(notes)
    return table


def merged(
    before: Mapping[str, Any], ran: Mapping[str, Iterable[Measure]], run: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the JSON file's content after a run of some benchmarks; others stay as they were.

    All that an earlier run of the same benchmark wrote (``fold``, ``fold.…``) is replaced. `run`
    (machine, date, commit) stands in each entry that it made, and at the top.
    """
    stored = {
        name: entry for name, entry in before.items() if name.split(".")[0] not in {*ran, *run}
    }
    for measures in ran.values():
        stored |= {measure.name: {**measure.entry(), **run} for measure in measures}
    return {**run, **stored}


def _verdict(reached: bool | str | None) -> str:  # noqa: FBT001 - the value is what is shown
    if reached is None:
        return "[yellow]not measured[/]"
    if isinstance(reached, str):
        return reached
    return "[green]yes[/]" if reached else "[red]no[/]"


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 3)
