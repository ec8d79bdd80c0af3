"""Sample rows whose covers are served by one cover server."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from ops_dashboard.local.samples.cover_server import CoverServer
from ops_dashboard.local.samples.creators import SampleCreator
from ops_dashboard.local.samples.generator import Sample, generate_sample
from ops_dashboard.local.samples.video_row import csv_bytes


def make_sample(
    covers: CoverServer, creators: Sequence[SampleCreator], *, seed: int, awkward: bool = True
) -> Sample:
    sample = generate_sample(
        now=datetime.now(UTC),
        signer=covers.signer,
        seed=seed,
        creators=creators,
        awkward=awkward,
    )
    covers.add(sample.covers)
    return sample


def write_rows(sample: Sample, folder: Path, name: str) -> Path:
    path = folder / name
    path.write_bytes(csv_bytes(sample.rows))
    return path


def plain_creator(name: str, index: int, covers: int) -> SampleCreator:
    return SampleCreator(name=name, caption=name, index=index, covers=covers)
