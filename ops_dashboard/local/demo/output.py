"""The demo's output folder. Edge (disk)."""

from __future__ import annotations

from pathlib import Path

from ops_dashboard.local.demo.batches import CONTROLLED_FILE, DROPPED_FILE, REQUEST_FILE
from stream_ingest.contracts.errors import UserError

COLLAGES = "collages"
PHOTOS = "photos"
CONTACT_SHEET = "photos.jpg"
"""Every photo at a glance."""
SUMMARY = "summary.json"
PUSHED_CSV = "videos_links.csv"
_FOLDERS = frozenset({COLLAGES, PHOTOS})
_FILES = frozenset(
    {CONTACT_SHEET, SUMMARY, PUSHED_CSV, DROPPED_FILE, CONTROLLED_FILE, REQUEST_FILE}
)


def write_output(output: Path, name: str, data: bytes) -> Path:
    """Write a file below `output`, creating its folders; return its path."""
    path = output / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(data)
    return path


def clear_output(output: Path) -> None:
    """Delete the output of an earlier demo; raises `UserError` if `output` has other files."""
    if not output.exists():
        return
    others = sorted(path.name for path in output.iterdir() if path.name not in _FOLDERS | _FILES)
    if others:
        msg = f"{output} contains {others[0]!r}, which is not from a demo: choose another --output"
        raise UserError(msg)
    made = [path for folder in _FOLDERS for path in output.glob(f"{folder}/**/*.jpg")]
    for path in [*made, *map(output.joinpath, _FILES)]:
        path.unlink(missing_ok=True)
