"""The registry of this user's running embedded AWSes. Edge (files, processes).

Each has a JSON file in the user's state directory, so that ``local down`` finds what an earlier
``local up`` has started, and several can run at the same time.
"""

from __future__ import annotations

import shutil
from pathlib import Path

import msgspec
from platformdirs import user_state_path

from ops_dashboard.local.aws.process import started_at

FOLDER_PREFIX = "coverstream-aws-"


class Instance(msgspec.Struct, frozen=True, kw_only=True):
    """One running embedded AWS."""

    stack: str
    port: int
    endpoint: str
    group: int
    """Process group of the server and its workers, which is also the server's pid."""
    started: str
    """The server's start time (`started_at`): a later process may reuse its pid."""
    folder: str
    """Folder of its log and temporary files; deleted when it stops."""
    ca_bundle: str | None = None
    """File of its certificate, if it uses TLS."""
    state: str | None = None
    """Folder of its persistent state; None if its state is deleted when it stops."""
    sources: tuple[str, ...] = ()
    """Non-public addresses from which its stack may download covers."""

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return started_at(self.group) == self.started

    @property
    def log(self) -> Path:
        """Its log file."""
        return Path(self.folder, "aws.log")


def register(instance: Instance) -> None:
    """Write an instance's file; it replaces that of an earlier instance on its port."""
    path = _path(instance.port)
    path.parent.mkdir(parents=True, exist_ok=True)
    temporary = path.with_suffix(f".{instance.group}.tmp")
    temporary.write_bytes(msgspec.json.encode(instance))
    temporary.replace(path)


def unregister(instance: Instance) -> None:
    """Delete an instance's file. Idempotent; the file of a later instance on its port stays."""
    if _read(_path(instance.port)) == instance:
        _path(instance.port).unlink(missing_ok=True)


def running() -> list[Instance]:
    """Return the running instances, by port; delete the files of those that have died."""
    alive = []
    for path in sorted(_folder().glob("*.json")):
        instance = _read(path)
        if instance is not None and instance.is_alive:
            alive.append(instance)
            continue
        path.unlink(missing_ok=True)
        if instance is not None and Path(instance.folder).name.startswith(FOLDER_PREFIX):
            shutil.rmtree(instance.folder, ignore_errors=True)
    return sorted(alive, key=lambda instance: instance.port)


def _folder() -> Path:
    return user_state_path("coverstream", appauthor=False) / "local"


def _path(port: int) -> Path:
    return _folder() / f"{port}.json"


def _read(path: Path) -> Instance | None:
    """Return the instance in a file, or None if the file is missing or of another version."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Instance)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
