"""The folder of an embedded AWS's persistent state, used by ``local up --state``. Edge (files).

The state contains its port (in queue URLs), so it can be restored on that port only. Besides
ministack's files the folder has a marker file, written once the stack is deployed: without it the
state is incomplete and is not used.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec

from ops_dashboard.local.aws.instances import Instance
from stream_ingest.contracts.errors import UserError

_MARKER = "coverstream.json"
_OURS = frozenset({_MARKER, "services", "objects"})


class SavedStack(msgspec.Struct, frozen=True, kw_only=True):
    """What a state folder contains."""

    stack: str
    port: int
    auth: bool
    sources: tuple[str, ...] | None = None
    """Non-public addresses that covers may be downloaded from; None in older folders: none."""


def load_saved_stack(folder: Path) -> SavedStack | None:
    """Return what a folder contains, or None if there is no complete state.

    Deletes the state of a failed deployment. Raises `UserError` if the folder has other files.
    """
    if not folder.exists():
        return None
    others = sorted(path.name for path in folder.iterdir() if path.name not in _OURS)
    if others:
        msg = (
            f"{folder} contains {others[0]!r}, which is not an embedded AWS's state:"
            " choose another --state"
        )
        raise UserError(msg)
    try:
        return msgspec.json.decode((folder / _MARKER).read_bytes(), type=SavedStack)
    except FileNotFoundError:
        clear(folder)
        return None
    except msgspec.DecodeError as error:
        msg = f"{folder / _MARKER}: {error}"
        raise UserError(msg) from error


def clear(folder: Path) -> None:
    """Delete the state of an embedded AWS from a folder; other files stay."""
    for name in _OURS - {_MARKER}:
        shutil.rmtree(folder / name, ignore_errors=True)


def record_saved_stack(folder: Path, instance: Instance) -> None:
    """Write the marker file: the state in `folder` contains a deployed stack."""
    folder.mkdir(parents=True, exist_ok=True)
    saved = SavedStack(
        stack=instance.stack,
        port=instance.port,
        auth=instance.ca_bundle is not None,
        sources=instance.sources,
    )
    (folder / _MARKER).write_bytes(msgspec.json.encode(saved) + b"\n")


def check_matches(
    folder: Path, saved: SavedStack, *, stack: str, port: int | None, auth: bool
) -> None:
    """Raise `UserError` if a folder's state has another stack, port or `auth` than requested."""
    if (stack, port or saved.port, auth) != (saved.stack, saved.port, saved.auth):
        auth_text = "with" if saved.auth else "without"
        msg = (
            f"{folder} contains stack {saved.stack} on port {saved.port}, {auth_text} --auth:"
            " use the same options, or choose another --state"
        )
        raise UserError(msg)
