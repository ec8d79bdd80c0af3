"""Writes the rows of a source as CSV, as the pipelines before this one exchange them. Edge (disk).

Rows are checked as a push checks them, so what is in the file is what a push would send: one URL
for each row. Refused rows go into a file beside it, with the reason. Both files appear complete or
not at all, the one with the rows last.

Cells are written as they are, so that `push --csv` reads exactly the same rows. The cells of
refused rows, which may hold any text and are for people, get an apostrophe if a spreadsheet would
run them as a formula.
"""

from __future__ import annotations

import contextlib
import csv
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path

import msgspec

from stream_ingest.batches.results.sheet import safe_cell
from stream_ingest.cli.whole_file import whole_file
from stream_ingest.contracts.date_form import DateForm
from stream_ingest.contracts.timestamps import from_epoch_ms
from stream_ingest.records.cover_column import text_of
from stream_ingest.records.rows import CoverRow, RowRefusal, admit
from stream_ingest.sources.source import Source, SourceRow

HEADER = ("creator_name", "cover_url", "created_at")
REASON, DETAIL = "reason", "detail"
_MS = 1_000


class Exported(msgspec.Struct, kw_only=True):
    """The result of an export, so far or final."""

    rows: int = 0
    refused: Counter[str] = msgspec.field(default_factory=Counter)
    formulas: int = 0
    """Rows with a cell that a spreadsheet would run as a formula."""

    @property
    def rows_read(self) -> int:
        """Number of rows that were read."""
        return self.rows + sum(self.refused.values())


async def export_rows(
    source: Source,
    path: Path | None,
    *,
    raw: bool,
    now_s: int,
    progress: Callable[[Exported], None],
) -> Exported:
    """Write all rows of `source` to a file, or to stdout if `path` is None.

    With `raw`, the cover column is written as it is, and no row is refused. On stdout, refused rows
    are only counted. Raises `UserError` if a file cannot be written.
    """
    exported = Exported()
    with contextlib.ExitStack() as files:
        out = csv.writer(files.enter_context(whole_file(path)), lineterminator="\n")
        beside = files.enter_context(_optional_file(path and refused_path(path)))
        out.writerow(HEADER)
        async for page in source.pages():
            for row in page.rows:
                checked = _raw(row) if raw else _checked(row, now_s, page.form)
                if isinstance(checked, RowRefusal):
                    exported.refused[str(checked.reason)] += 1
                    beside(row, checked)
                else:
                    exported.rows += 1
                    exported.formulas += any(safe_cell(cell) != cell for cell in checked)
                    out.writerow(checked)
            progress(exported)
    return exported


def refused_path(path: Path) -> Path:
    """Return the path of the refused rows beside a file. Pure."""
    return path.with_name(f"{path.stem}_refused.csv")


def _raw(row: SourceRow) -> tuple[str, ...]:
    return tuple(text_of(value) for value in row)


def _checked(row: SourceRow, now_s: int, form: DateForm) -> tuple[str, ...] | RowRefusal:
    checked = admit(*row, now_s, form)
    if isinstance(checked, CoverRow):
        return checked.creator, checked.url, _moment(checked.created_at_ms)
    return checked


def _moment(epoch_ms: int) -> str:
    """Return a time as MySQL prints it, in UTC, with milliseconds if it has any."""
    text = f"{from_epoch_ms(epoch_ms):%Y-%m-%d %H:%M:%S}"
    return f"{text}.{epoch_ms % _MS:03d}" if epoch_ms % _MS else text


@contextlib.contextmanager
def _optional_file(path: Path | None) -> Iterator[Callable[[SourceRow, RowRefusal], None]]:
    """Yield a function that writes a refused row; the file exists only if there is one.

    The file of an earlier export under the same name is deleted.
    """
    if path is None:
        yield lambda _row, _refusal: None
        return
    with contextlib.ExitStack() as stack:
        writer = None

        def write(row: SourceRow, refusal: RowRefusal) -> None:
            nonlocal writer
            if writer is None:
                writer = csv.writer(stack.enter_context(whole_file(path)), lineterminator="\n")
                writer.writerow((*HEADER, REASON, DETAIL))
            texts = (*_raw(row), str(refusal.reason), refusal.detail)
            writer.writerow(map(safe_cell, texts))

        yield write
        if writer is None:
            path.unlink(missing_ok=True)
