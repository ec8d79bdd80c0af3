"""Finding and installing mariadbd, with fake programs."""

from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.mysql import binary
from ops_dashboard.local.mysql.binary import ensure_mariadbd, find_mariadbd, is_debian

MARIADB = "mariadbd  Ver 10.11.19-MariaDB-0+deb12u1 for debian-linux-gnu on x86_64 (Debian 12)"
ORACLE = "mysqld  Ver 8.4.3 for Linux on x86_64 (MySQL Community Server - GPL)"


class Machine:
    """A machine whose PATH is one folder, and the messages to its user."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.messages: list[str] = []

    def install(self, name: str, script: str) -> Path:
        program = self.folder / name
        program.write_text(f"#!/bin/sh\n{script}\n")
        program.chmod(0o755)
        return program

    def ensure(self) -> Path | None:
        return ensure_mariadbd(self.messages.append)


@pytest.fixture
def machine(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Machine:
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr(binary, "_FOLDERS", ())
    monkeypatch.setattr(binary, "_may_install", lambda: False)
    return Machine(tmp_path)


def test_the_server_is_found_by_either_name(machine: Machine) -> None:
    mysqld = machine.install("mysqld", f"echo '{MARIADB}'")
    assert find_mariadbd() == mysqld
    mariadbd = machine.install("mariadbd", f"echo '{MARIADB}'")
    assert find_mariadbd() == mariadbd


def test_oracles_mysqld_is_not_accepted(machine: Machine) -> None:
    """It initializes its data differently."""
    machine.install("mysqld", f"echo '{ORACLE}'")
    assert find_mariadbd() is None


def test_a_folder_outside_path_is_searched_too(
    machine: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """/usr/sbin is not in an ordinary Debian user's PATH."""
    program = machine.install("mariadbd", f"echo '{MARIADB}'")
    monkeypatch.setenv("PATH", "/nowhere")
    assert find_mariadbd([str(tmp_path)]) == program


def test_an_installed_server_is_used_silently(machine: Machine) -> None:
    program = machine.install("mariadbd", f"echo '{MARIADB}'")
    assert machine.ensure() == program
    assert machine.messages == []


@pytest.mark.parametrize(
    ("installer", "command"),
    [
        ("apt-get", "sudo apt-get install mariadb-server-core"),
        ("brew", "brew install mariadb"),
        ("dnf", "sudo dnf install mariadb-server"),
        ("other", "put it into PATH"),
    ],
)
def test_without_root_one_line_says_how_to_install(
    machine: Machine, installer: str, command: str
) -> None:
    machine.install(installer, "exit 1")
    assert machine.ensure() is None
    assert len(machine.messages) == 1
    assert command in machine.messages[0]


def test_root_on_debian_installs_binaries_only(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "_may_install", lambda: True)
    log = machine.folder / "log"
    machine.install(
        "apt-get",
        f'echo "$DEBIAN_FRONTEND $*" >> {log}\n'
        f"printf '#!/bin/sh\\necho {MARIADB.partition('(')[0]}\\n' > {machine.folder}/mariadbd\n"
        f"/bin/chmod +x {machine.folder}/mariadbd",
    )
    assert machine.ensure() == machine.folder / "mariadbd"
    update, install = log.read_text().splitlines()
    assert update.startswith("noninteractive update")
    assert install.startswith("noninteractive install -y")
    assert "--no-install-recommends" in install
    assert install.endswith(" mariadb-server-core")
    assert len(machine.messages) == 1
    assert "no service is started" in machine.messages[0]


def test_a_failed_installation_is_reported_in_one_line(
    machine: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(binary, "_may_install", lambda: True)
    machine.install("apt-get", "echo 'E: Unable to fetch some archives' >&2; exit 100")
    assert machine.ensure() is None
    assert machine.messages[-1].endswith("E: Unable to fetch some archives")


@pytest.mark.parametrize(
    ("release", "expected"),
    [
        ('ID=debian\nVERSION_ID="12"\n', True),
        ('NAME="Linux Mint"\nID=linuxmint\nID_LIKE="ubuntu debian"\n', True),
        ('ID="fedora"\n', False),
        ("ID=alpine\nHOME_URL=https://debian.example\n", False),
        ("", False),
    ],
)
def test_debian_is_recognized_by_its_os_release(release: str, *, expected: bool) -> None:
    assert is_debian(release) is expected
