"""A MariaDB server of our own, gone without a trace when its context ends. Edge: processes, files.

Data, socket, log and temporary files live in one temporary directory; TCP listens on 127.0.0.1
only. The data directory is set up by the server's own bootstrap mode from the SQL files that come
with it, because Debian's ``mariadb-server-core`` lacks what ``mariadb-install-db`` calls. Only the
privilege tables are made, so both steps together take about a second.
"""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING, Self

from ops_dashboard.local.mysql.binary import Say, ensure_mariadbd, find_mariadbd, install_hint
from ops_dashboard.local.mysql.videos_table import DATABASE, create_schema, load_rows
from stream_ingest.contracts.errors import UserError

if TYPE_CHECKING:
    from types import TracebackType

__all__ = [
    "DATABASE",
    "MariaDbError",
    "PrivateMariaDb",
    "Say",
    "create_schema",
    "ensure_mariadbd",
    "find_mariadbd",
    "install_hint",
    "load_rows",
]

USER = "coverstream"
START_TIMEOUT_S = 30.0
STOP_TIMEOUT_S = 10.0

_PORT_ATTEMPTS = 5
_POLL_S = 0.02
_SYSTEM_TABLES = ("mysql_system_tables.sql", "mariadb_system_tables.sql")  # the latter since 11
_SHARES = ("share/mysql", "share/mariadb", "share")
_PORT_TAKEN = "Address already in use"

# Small and quick instead of durable: the data dies with the server.
_TUNING = (
    "--innodb-log-file-size=4M",
    "--innodb-buffer-pool-size=32M",
    "--innodb-flush-log-at-trx-commit=0",
    "--innodb-doublewrite=0",
    "--innodb-buffer-pool-dump-at-shutdown=0",
    "--aria-pagecache-buffer-size=8M",
    "--skip-log-bin",
    "--skip-name-resolve",
    "--sync-frm=0",
    "--character-set-server=utf8mb4",
    "--collation-server=utf8mb4_general_ci",
)


class MariaDbError(UserError):
    """The private server could not be set up or started; says what its log says."""


class PrivateMariaDb:
    """A running MariaDB with one user, whose rights end at the database ``tiktok_creator``.

    A context manager that may be entered again after it was left. Entering takes about a second
    and raises `MariaDbError`; leaving stops the process and removes its directory, whatever
    happened in between.
    """

    def __init__(
        self, program: Path | None = None, *, start_timeout_s: float = START_TIMEOUT_S
    ) -> None:
        """Take the server `program`, or else the one that is installed."""
        self._program = program
        self._start_timeout_s = start_timeout_s
        self._password = ""
        self._port = 0
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """``mysql://user:password@127.0.0.1:port/tiktok_creator``; may not exist yet."""
        return f"mysql://{USER}:{self._password}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1; 0 before the first start."""
        return self._port

    @property
    def pid(self) -> int | None:
        """Process id of the running server, None where none runs."""
        return None if self._process is None else self._process.pid

    @property
    def directory(self) -> Path | None:
        """Where the running server keeps all it has, None where none runs."""
        return self._directory

    def __enter__(self) -> Self:
        """Set up, start and return the server once it accepts connections."""
        program = self._program or find_mariadbd()
        if program is None:
            raise MariaDbError(install_hint())
        self._password = secrets.token_hex(16)
        # Not the deepest of paths: a unix socket's may be 107 bytes long.
        self._directory = Path(tempfile.mkdtemp(prefix="coverstream-db-"))
        try:
            self._bootstrap(program, self._directory)
            self._start(program, self._directory)
        except BaseException:
            self.stop()
            raise
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        """Stop the server and remove its directory."""
        self.stop()

    def stop(self) -> None:
        """Stop the process, kindly at first, and remove its directory; twice is safe."""
        process, self._process = self._process, None
        if process is not None and process.poll() is None:
            process.send_signal(signal.SIGTERM)
            try:
                process.wait(STOP_TIMEOUT_S)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
        directory, self._directory = self._directory, None
        if directory is not None:
            shutil.rmtree(directory, ignore_errors=True)

    def _bootstrap(self, program: Path, directory: Path) -> None:
        sql = f"{_BEFORE_TABLES}{_system_tables(program).read_text()}\n{_users(self._password)}"
        (directory / "data").mkdir()
        done = subprocess.run(  # noqa: S603 - a found program with arguments made here
            [*_command(program, directory), "--bootstrap"],
            input=sql.encode(),
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            timeout=self._start_timeout_s,
            check=False,
        )
        if done.returncode != 0:
            msg = f"{program} could not set up a data directory: {_complaint(done.stderr.decode())}"
            raise MariaDbError(msg)

    def _start(self, program: Path, directory: Path) -> None:
        """Start on a free port; where another process was quicker to take it, on another one."""
        deadline = time.monotonic() + self._start_timeout_s
        log = directory / "server.log"
        for _ in range(_PORT_ATTEMPTS):
            self._port = _free_port()
            self._process = _launch(program, directory, self._port, log)
            if self._wait_until_ready(directory / "socket", deadline):
                return
            if self._process.poll() is None:
                msg = f"{program} was not ready within {self._start_timeout_s:g} s"
                raise MariaDbError(msg)
            if _PORT_TAKEN not in log.read_text(errors="replace"):
                break
        msg = f"{program} ended at once: {_complaint(log.read_text(errors='replace'))}"
        raise MariaDbError(msg)

    def _wait_until_ready(self, path: Path, deadline: float) -> bool:
        """Tell whether the server greets on its own socket before the deadline or its end."""
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                return False
            if _greets(path):
                return True
            time.sleep(_POLL_S)
        return False


# Bootstrap mode wants each statement to end with its line.
_BEFORE_TABLES = "CREATE DATABASE mysql;\nUSE mysql;\n"


def _users(password: str) -> str:
    return (
        "FLUSH PRIVILEGES;\n"
        f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'127.0.0.1';\n"
    )


def _system_tables(program: Path) -> Path:
    """Return the SQL file of the privilege tables that belongs to a server program."""
    folders = [parent for path in (program, program.resolve()) for parent in path.parents[1:3]]
    for folder in (*folders, Path("/usr")):
        for share in _SHARES:
            for name in _SYSTEM_TABLES:
                if (folder / share / name).is_file():
                    return folder / share / name
    msg = f"no {_SYSTEM_TABLES[0]} belongs to {program}: MariaDB is not completely installed"
    raise MariaDbError(msg)


def _command(program: Path, directory: Path) -> list[str]:
    command = [str(program), "--no-defaults", *_TUNING]
    command += [f"--datadir={directory / 'data'}", f"--tmpdir={directory}"]
    # mariadbd refuses to run as root unless told to, and --user is for root only.
    return [*command, "--user=root"] if os.geteuid() == 0 else command


def _launch(program: Path, directory: Path, port: int, log: Path) -> subprocess.Popen[bytes]:
    arguments = [
        "--innodb-fast-shutdown=2",  # what is not written yet will not be missed
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={directory / 'socket'}",
        f"--pid-file={directory / 'pid'}",
    ]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - a found program with arguments made here
            [*_command(program, directory), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # Ctrl-C goes to us, and we stop the server in order
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _greets(path: Path) -> bool:
    """Tell whether a server sends its handshake on a unix socket: it then takes log-ins.

    The unix socket, not the port: it is ours for certain, and it opens after the port.
    """
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(1)
        client.connect(str(path))
        return bool(client.recv(1))
    return False


def _complaint(log: str) -> str:
    """Return the first error of a server's log, else its last line."""
    lines = log.strip().splitlines() or ["its log is empty"]
    return next((line for line in lines if "ERROR" in line), lines[-1])
