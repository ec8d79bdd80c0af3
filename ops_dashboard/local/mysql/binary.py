"""Finds or installs the MariaDB server program. Edge (disk, processes).

Only the binary and its SQL files are needed: nothing is configured, no service is started.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

Say = Callable[[str], None]

PACKAGE = "mariadb-server-core"
"""Debian's package of the bare binaries: 7 MB to download, no service, no configuration."""

_NAMES = ("mariadbd", "mysqld")
_FOLDERS = (
    "/usr/sbin",
    "/usr/libexec",
    "/usr/local/sbin",
    "/usr/local/libexec",
    "/opt/homebrew/opt/mariadb/bin",
    "/usr/local/opt/mariadb/bin",
    "/home/linuxbrew/.linuxbrew/opt/mariadb/bin",
)
_PROBE_TIMEOUT_S = 20
_APT_TIMEOUT_S = 600
_LOCK = ("-o", "DPkg::Lock::Timeout=300")  # seconds to wait for another apt-get


def find_mariadbd(folders: Iterable[str] | None = None) -> Path | None:
    """Return the MariaDB server in PATH or the usual (or given) folders, or None.

    Oracle's MySQL also has a program named mysqld, but initializes its data differently, so it is
    not accepted.
    """
    search = os.pathsep.join(
        [os.environ.get("PATH", os.defpath), *(_FOLDERS if folders is None else folders)]
    )
    for name in _NAMES:
        found = shutil.which(name, path=search)
        if found is not None and _is_mariadb(found):
            return Path(found)
    return None


def ensure_mariadbd(say: Say) -> Path | None:
    """Return the MariaDB server, installed first if needed, as root on Debian or Ubuntu only.

    On other systems `say` gets one line on how to install it, and None is returned. Idempotent.
    """
    found = find_mariadbd()
    if found is not None:
        return found
    if not _may_install():
        say(install_hint())
        return None
    say(f"installing {PACKAGE} with apt-get (7 MB, binaries only, no service is started)")
    error = _install()
    found = find_mariadbd()
    if found is None:
        say(f"apt-get could not install {PACKAGE}: {error or 'the package has no mariadbd'}")
    return found


def install_hint() -> str:
    """Return one line on how to install MariaDB on this machine."""
    if shutil.which("apt-get"):
        return f"no mariadbd found; install it with: sudo apt-get install {PACKAGE}"
    if shutil.which("brew"):
        return "no mariadbd found; install it with: brew install mariadb"
    if shutil.which("dnf"):
        return "no mariadbd found; install it with: sudo dnf install mariadb-server"
    return "no mariadbd found; install MariaDB's server program and put it into PATH"


def is_debian(os_release: str) -> bool:
    """Return whether a text of /etc/os-release is that of Debian, Ubuntu or a derivative."""
    fields = dict(line.split("=", 1) for line in os_release.splitlines() if "=" in line)
    names = f"{fields.get('ID', '')} {fields.get('ID_LIKE', '')}".replace('"', " ").split()
    return not {"debian", "ubuntu"}.isdisjoint(names)


def _is_mariadb(program: str) -> bool:
    try:
        answer = subprocess.run(  # noqa: S603 - a path from `shutil.which`, fixed arguments
            [program, "--no-defaults", "--version"],
            capture_output=True,
            text=True,
            timeout=_PROBE_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return False
    return "MariaDB" in answer.stdout


def _may_install() -> bool:
    release = Path("/etc/os-release")
    return (
        os.geteuid() == 0
        and shutil.which("apt-get") is not None
        and release.is_file()
        and is_debian(release.read_text())
    )


def _install() -> str:
    """Run apt-get; return the last line of its errors, or an empty string on success."""
    # If the update fails, the present package list may do.
    _apt("update", "-qq")
    return _apt("install", "-y", "-qq", "--no-install-recommends", *_LOCK, PACKAGE)


def _apt(*arguments: str) -> str:
    environment = {**os.environ, "DEBIAN_FRONTEND": "noninteractive"}
    try:
        done = subprocess.run(  # noqa: S603 - fixed arguments
            ["apt-get", *arguments],  # noqa: S607 - apt-get is found in PATH
            capture_output=True,
            text=True,
            env=environment,
            timeout=_APT_TIMEOUT_S,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return str(error)
    lines = done.stderr.strip().splitlines() or [f"exit code {done.returncode}"]
    return "" if done.returncode == 0 else lines[-1]
