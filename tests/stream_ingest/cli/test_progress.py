"""The line of progress on a terminal of 80 columns, and what is said at the end of a wait."""

from __future__ import annotations

import io
import itertools
from typing import Any

import msgspec
import pytest
from rich.console import Console

from stream_ingest.batches.progress import BatchProgress
from stream_ingest.cli import progress as module
from stream_ingest.cli.progress import show_progress
from stream_ingest.cli.wait import arrived, made, pause_s

KNOWN = BatchProgress(
    batch_id="b",
    trigger="csv-push",
    status="ended",
    rows_read=1_778,
    rows_sent=1_778,
    rows_accepted=0,
    refused={"duplicate": 1_778},
    windows=0,
    windows_by_status={},
    collages=0,
    images_ok=0,
    images_failed=0,
    open_images=0,
    settled=True,
    ended=True,
)


def test_a_push_of_known_rows_says_that_nothing_is_new() -> None:
    assert arrived(KNOWN) == "1,778 sent: 1,778 known already, 0 new"
    mixed = msgspec.structs.replace(KNOWN, refused={"duplicate": 8}, rows_accepted=1_760)
    assert arrived(mixed) == "1,778 sent: 8 known already, 1,760 new, 10 refused"
    assert made(KNOWN) == "0 collages, 0 images in them, 0 failed"


@pytest.fixture
def terminal(monkeypatch: pytest.MonkeyPatch) -> Any:  # noqa: ANN401 - a function
    """Return a function that gives a terminal of a width, and what is written to it."""

    def make(width: int) -> io.StringIO:
        out = io.StringIO()
        seconds = itertools.count()
        console = Console(
            file=out,
            width=width,
            force_terminal=True,
            color_system=None,
            get_time=lambda: float(next(seconds)),
        )
        monkeypatch.setattr(module, "Console", lambda **_: console)
        return out

    return make


@pytest.mark.parametrize("width", [80, 120])
def test_the_bar_has_rate_and_remaining_time_and_fits_one_line(
    width: int,
    terminal: Any,  # noqa: ANN401 - as above
) -> None:
    out = terminal(width)
    text = "building collages: 1,240 of 3,012"
    title = "batch 20261121-030512-9f3a"
    with show_progress(title, "images") as report:
        for number in range(20):
            report(text, 1_000 + 100 * number, 100_000)
    lines = [each for each in out.getvalue().replace("\r", "\n").splitlines() if text in each]
    last = lines[-1].replace("\x1b[2K", "")
    assert len(last) <= width
    assert "images/s, " in last
    assert " left" in last
    assert "3%" in last
    assert (title in last) == (width >= 100)
    assert title in out.getvalue()


def test_without_a_total_the_time_so_far_is_shown(terminal: Any) -> None:  # noqa: ANN401 - as above
    out = terminal(80)
    with show_progress("reading") as report:
        report("12,345 rows read, 12,000 sent, 6,100 rows/s", 0, None)
    assert "12,345 rows read, 12,000 sent, 6,100 rows/s" in out.getvalue()
    assert "left" not in out.getvalue()


def test_the_progress_is_read_for_a_tenth_of_the_time_at_most() -> None:
    """DynamoDB bills a thousand read units for the progress of a batch of 30,000 windows."""
    assert pause_s(0.01) == 1
    assert pause_s(2) == 18
    assert pause_s(60) == 30
