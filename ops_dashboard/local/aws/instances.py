"""Which embedded AWSes run on this machine for this user. Edge (files, processes).

One JSON file each under the user's state directory, so that ``local down`` finds what an earlier
``local up`` started, and two of them live side by side.
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
    """Process group of the server and its workers; also the pid of the group's first process."""
    started: str
    """When that process began; a later process with the same number began at another time."""
    folder: str
    """Its log and all of its temporary files; deleted when it is stopped."""
    ca_bundle: str | None = None
    """File of its certificate, where it speaks TLS."""
    state: str | None = None
    """Where it keeps what it holds; None where that is deleted when it is stopped."""

    @property
    def is_alive(self) -> bool:
        """Whether it still runs."""
        return started_at(self.group) == self.started

    @property
    def log(self) -> Path:
        """Its log file."""
        return Path(self.folder, "aws.log")


def remember(instance: Instance) -> None:
    """Write an instance's file; the latest on a port replaces an earlier one."""
    path = _path(instance.port)
    path.parent.mkdir(parents=True, exist_ok=True)
    fresh = path.with_suffix(f".{instance.group}.tmp")
    fresh.write_bytes(msgspec.json.encode(instance))
    fresh.replace(path)


def forget(instance: Instance) -> None:
    """Delete an instance's file; safe where it is gone, or where a later one has taken its port."""
    if _read(_path(instance.port)) == instance:
        _path(instance.port).unlink(missing_ok=True)


def running() -> list[Instance]:
    """Return what runs, by port; what has died is forgotten and its files are deleted."""
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
    """Return the instance in a file; None where there is none, or an older version wrote it."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=Instance)
    except (FileNotFoundError, msgspec.DecodeError):
        return None
