"""Text files that appear complete or not at all. Edge (disk)."""

from __future__ import annotations

import contextlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import TextIO

from stream_ingest.contracts.errors import UserError


@contextlib.contextmanager
def whole_file(path: Path | None) -> Iterator[TextIO]:
    """Open a file that appears under its name when the block ends without an exception.

    It is stdout if `path` is None. Raises `UserError` if the file cannot be written.
    """
    if path is None:
        yield sys.stdout
        sys.stdout.flush()
        return
    partial = path.with_name(f".{path.name}.partial")
    try:
        with partial.open("w", encoding="utf-8", errors="replace", newline="") as file:
            yield file
        partial.replace(path)
    except OSError as error:
        msg = f"cannot write {path}: {error.strerror or error}"
        raise UserError(msg) from error
    finally:
        with contextlib.suppress(OSError):
            partial.unlink()
