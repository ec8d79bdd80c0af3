"""The work that an image takes: what `make bench` measured, and what had to be assumed. Pure.

``measured.json`` beside this module is the measured part, and belongs to the package because the
installed tool has no ``bench-results.json``. `of_bench` makes it from that file: run
``python -m ops_dashboard.planner.measured_file`` (``make measured``) after a benchmark that counts.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

import msgspec

from stream_ingest.contracts.errors import UserError

_MB = 1_000_000
_BENCHMARKS = {
    "collage_images_per_cpu_s": "collage",
    "collage_peak_mb": "collage.peak",
    "rows_per_shard_s": "pack",
    "fold_rows_per_cpu_s": "fold",
    "push_rows_per_s": "push",
    "state_units_sorted": "state",
    "state_units_drip": "state.drip",
}
"""Our figures, and the entries of ``bench-results.json`` that they are."""


class Measured(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What `make bench` measured, on one machine; arm64 on Lambda is taken to be as fast."""

    date: str
    machine: str
    collage_images_per_cpu_s: float
    """Covers of 150 KB over HTTP into collages."""
    collage_peak_mb: float
    """Most memory that its process held."""
    rows_per_shard_s: float
    """Packed rows that a shard takes by its 1 MB/s."""
    fold_rows_per_cpu_s: float
    push_rows_per_s: float
    """Out of the database into the stream, by one push."""
    state_units_sorted: float
    """DynamoDB's write units an image, 100 rows of a creator together; without the collages'."""
    state_units_drip: float
    """The same, one row of a creator at a time, 350 of them."""


class Assumed(msgspec.Struct, frozen=True, kw_only=True):
    """What no benchmark of ours can measure, because only AWS or the CDN decides it."""

    collage_network_s: float = 0.6
    """A window's waiting for others, whatever its CPU: 35 covers of 150 KB at 75 MB/s, the CDN's
    answers, three rounds of S3 PUTs, the originals' 5 MB, table and bus."""
    collage_parallel_share: float = 0.7
    """Share of a collage's CPU time (decoding) that a second vCPU can take over."""
    aws_call_ms: float = 12
    """A call of DynamoDB or EventBridge from a Lambda."""
    table_writes_per_s: float = 4_000
    """Write units that a new table on demand takes; one that has seen more takes twice its peak."""
    cover_bytes: float = 150_000
    collage_bytes: float = 450_000


Part = TypeVar("Part", Measured, Assumed)


class Figures(msgspec.Struct, frozen=True, kw_only=True):
    """All that a plan reckons with."""

    measured: Measured
    assumed: Assumed = Assumed()

    @property
    def bytes_per_row(self) -> float:
        """Packed bytes of a row."""
        return _MB / self.measured.rows_per_shard_s

    def changed(self, numbers: Mapping[str, float]) -> Figures:
        """Return the figures with some replaced; `UserError` for one that must not be 0."""
        for name, value in numbers.items():
            if not value and name not in _MAY_BE_NOTHING:
                msg = f"{name} is 0"
                raise UserError(msg)
        return Figures(
            measured=_replaced(self.measured, numbers), assumed=_replaced(self.assumed, numbers)
        )


_MAY_BE_NOTHING = frozenset({"collage_network_s", "collage_parallel_share", "aws_call_ms"})
NAMES = (*_BENCHMARKS, *Assumed.__struct_fields__)
"""Figures that may be replaced."""


def of_bench(results: Mapping[str, Any]) -> Measured:
    """Return the figures in ``bench-results.json``; `UserError` names those that are missing."""
    missing = [name for name in _BENCHMARKS.values() if results.get(name, {}).get("ours") is None]
    if missing or "machine" not in results:
        msg = f"bench-results.json has no figure of {', '.join(missing) or 'its machine'}"
        raise UserError(msg)
    return Measured(
        date=oldest_date(results, _BENCHMARKS.values()),
        machine=machine_of(results),
        **{field: float(f"{results[name]['ours']:.4g}") for field, name in _BENCHMARKS.items()},
    )


def machine_of(results: Mapping[str, Any]) -> str:
    """Return in words on which machine results were measured."""
    machine = results["machine"]
    if isinstance(machine, str):
        return machine
    return f"{machine['cpu']}, {machine['cores']} cores, Python {machine['python']}"


def oldest_date(results: Mapping[str, Any], names: Iterable[str]) -> str:
    """Return the day on which the oldest of some results was measured."""
    dates = (str(results[name].get("date") or results.get("date", "unknown")) for name in names)
    return min(dates)[:10]


def _replaced(part: Part, numbers: Mapping[str, float]) -> Part:
    mine = {name: numbers[name] for name in part.__struct_fields__ if name in numbers}
    return msgspec.structs.replace(part, **mine)
