"""Runs `stream-ingest export`. Edge."""

from __future__ import annotations

import asyncio
import os
import sys
from datetime import UTC, datetime
from pathlib import Path

from stream_ingest.cli.csv_export import Exported, export_rows, refused_path
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.terminal import say
from stream_ingest.sources.mysql.table import MySqlSource
from stream_ingest.sources.source_options import SourceOptions

STDOUT = "-"


def run_export(chosen: SourceOptions, out: str, *, raw: bool) -> None:
    """Write the rows of a source to `out`, and print its path."""
    now = datetime.now(UTC)
    chosen.check(now)
    path = None if out == STDOUT else target(out, now)
    source = chosen.source(chosen.within(now, None))
    for note in asyncio.run(source.notes()) if isinstance(source, MySqlSource) else ():
        say(note)
    try:
        with show_progress("export") as show:
            exported = asyncio.run(
                export_rows(
                    source,
                    path,
                    raw=raw,
                    now_s=int(now.timestamp()),
                    progress=lambda done: show(f"{done.rows_read:,} rows read", 0, None),
                )
            )
    except BrokenPipeError:  # such as `| head`: the reader wants no more
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return
    _report(exported, path)


def target(out: str, now: datetime) -> Path:
    """Return the file to write: `out`, or a file with a time in its name in the folder `out`."""
    path = Path(out)
    if path.is_dir() or out.endswith(os.sep):
        return path / f"cover_urls_{now:%Y%m%d_%H%M%S}.csv"
    return path


def _report(exported: Exported, path: Path | None) -> None:
    say(f"{exported.rows:,} rows written")
    if exported.formulas:
        say(
            f"  {exported.formulas:,} of them with text that a spreadsheet would run as a formula:"
            " import the file as text there, do not open it"
        )
    for reason, count in sorted(exported.refused.items()):
        say(f"  refused as {reason}: {count:,}")
    if path is None:
        return
    if exported.refused:
        say(f"  refused rows: {refused_path(path)}")
    sys.stdout.write(f"{path}\n")
