"""A folder in which an embedded AWS keeps what it holds, from one run to the next. Edge (files).

What it holds names its own port (queue URLs do), so it is started on that port again. Beside what
ministack writes lies one file of ours, written once the stack is deployed: without it there is
nothing to go on from.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from ops_dashboard.local.aws.instances import Instance
from stream_ingest.contracts.errors import UserError

_NOTE = "coverstream.json"
_OURS = frozenset({_NOTE, "services", "objects"})


class Kept(msgspec.Struct, frozen=True, kw_only=True):
    """What is kept in a folder."""

    stack: str
    port: int
    auth: bool


def read_kept(folder: Path) -> Kept | None:
    """Return what a folder keeps, None where that is nothing; `UserError` for a stranger's folder.

    What is left of a deployment that failed is removed.
    """
    if not folder.exists():
        return None
    strangers = sorted(path.name for path in folder.iterdir() if path.name not in _OURS)
    if strangers:
        msg = f"{folder} holds {strangers[0]!r}, which is no embedded AWS's: choose another --state"
        raise UserError(msg)
    try:
        return msgspec.json.decode((folder / _NOTE).read_bytes(), type=Kept)
    except FileNotFoundError:
        clear(folder)
        return None
    except msgspec.DecodeError as error:
        msg = f"{folder / _NOTE}: {error}"
        raise UserError(msg) from error


def clear(folder: Path) -> None:
    """Remove what an embedded AWS has left in a folder; strangers' files stay."""
    for name in _OURS - {_NOTE}:
        shutil.rmtree(folder / name, ignore_errors=True)


def note_kept(folder: Path, instance: Instance) -> None:
    """Note that a stack is deployed on what is kept in `folder`."""
    folder.mkdir(parents=True, exist_ok=True)
    kept = Kept(stack=instance.stack, port=instance.port, auth=instance.ca_bundle is not None)
    (folder / _NOTE).write_bytes(msgspec.json.encode(kept) + b"\n")


def check_same(folder: Path, kept: Kept, *, stack: str, port: int | None, auth: bool) -> None:
    """Raise `UserError` where a folder keeps something else than what is asked for."""
    asked = Kept(stack=stack, port=kept.port if port is None else port, auth=auth)
    if asked != kept:
        how = f"stack {kept.stack} on port {kept.port}, {'with' if kept.auth else 'without'} --auth"
        msg = f"{folder} keeps {how}: start it so, or choose another --state"
        raise UserError(msg)
