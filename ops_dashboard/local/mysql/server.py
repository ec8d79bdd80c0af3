"""A temporary MariaDB server, removed completely when its context ends. Edge (processes, disk).

Data, socket, log and temporary files are in one temporary directory; TCP listens on 127.0.0.1 only.
The data directory is initialized by the server's bootstrap mode from the SQL files that come with
it, because Debian's ``mariadb-server-core`` lacks the programs that ``mariadb-install-db`` calls.
Only the privilege tables are created, so initializing and starting take about a second.
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
from collections.abc import Sequence
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

# Small and fast rather than durable: the data is deleted with the server.
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
    """The server could not be initialized or started; contains the error from its log."""


class PrivateMariaDb:
    """A MariaDB with one user, who has rights on the database ``tiktok_creator`` only.

    A reusable context manager. Entering takes about a second and raises `MariaDbError` if the
    server does not start; leaving stops the process and removes its directory in all cases.
    """

    def __init__(
        self,
        program: Path | None = None,
        *,
        start_timeout_s: float = START_TIMEOUT_S,
        options: Sequence[str] = (),
    ) -> None:
        """Run the server `program`, by default the installed one, with more `options`."""
        self._program = program
        self._start_timeout_s = start_timeout_s
        self._options = tuple(options)
        self._password = ""
        self._port = 0
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """``mysql://user:password@127.0.0.1:port/tiktok_creator``; that database may not exist."""
        return f"mysql://{USER}:{self._password}@127.0.0.1:{self._port}/{DATABASE}"

    @property
    def port(self) -> int:
        """The TCP port on 127.0.0.1; 0 before the first start."""
        return self._port

    @property
    def pid(self) -> int | None:
        """Process id of the running server, or None."""
        return None if self._process is None else self._process.pid

    @property
    def directory(self) -> Path | None:
        """Directory of all files of the running server, or None."""
        return self._directory

    def __enter__(self) -> Self:
        """Initialize and start the server; return it once it accepts connections."""
        program = self._program or find_mariadbd()
        if program is None:
            raise MariaDbError(install_hint())
        self._password = secrets.token_hex(16)
        # A short path, because a unix socket's may have 107 bytes at most.
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
        """Terminate the process, kill it if needed, and remove its directory. Idempotent."""
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
            error = _first_error(done.stderr.decode())
            msg = f"{program} could not initialize its data directory: {error}"
            raise MariaDbError(msg)

    def _start(self, program: Path, directory: Path) -> None:
        """Start on a free port, and on another one if that has been taken in the meantime."""
        deadline = time.monotonic() + self._start_timeout_s
        log = directory / "server.log"
        for _ in range(_PORT_ATTEMPTS):
            self._port = _free_port()
            self._process = _launch(program, directory, self._port, log, self._options)
            if self._wait_until_ready(directory / "socket", deadline):
                return
            if self._process.poll() is None:
                msg = f"{program} did not start within {self._start_timeout_s:g} s"
                raise MariaDbError(msg)
            if _PORT_TAKEN not in log.read_text(errors="replace"):
                break
        msg = f"{program} exited at start: {_first_error(log.read_text(errors='replace'))}"
        raise MariaDbError(msg)

    def _wait_until_ready(self, path: Path, deadline: float) -> bool:
        """Return whether the server accepts connections before the deadline and without exiting."""
        while time.monotonic() < deadline:
            if self._process is None or self._process.poll() is not None:
                return False
            if _sends_handshake(path):
                return True
            time.sleep(_POLL_S)
        return False


# In bootstrap mode each statement must end with its line.
_BEFORE_TABLES = "CREATE DATABASE mysql;\nUSE mysql;\n"


def _users(password: str) -> str:
    return (
        "FLUSH PRIVILEGES;\n"
        f"CREATE USER '{USER}'@'127.0.0.1' IDENTIFIED BY '{password}';\n"
        f"GRANT ALL ON {DATABASE}.* TO '{USER}'@'127.0.0.1';\n"
    )


def _system_tables(program: Path) -> Path:
    """Return the SQL file that creates the privilege tables of a server program."""
    folders = [parent for path in (program, program.resolve()) for parent in path.parents[1:3]]
    for folder in (*folders, Path("/usr")):
        for share in _SHARES:
            for name in _SYSTEM_TABLES:
                if (folder / share / name).is_file():
                    return folder / share / name
    msg = f"{_SYSTEM_TABLES[0]} of {program} not found: MariaDB is not completely installed"
    raise MariaDbError(msg)


def _command(program: Path, directory: Path) -> list[str]:
    command = [str(program), "--no-defaults", *_TUNING]
    command += [f"--datadir={directory / 'data'}", f"--tmpdir={directory}"]
    # mariadbd runs as root only with --user=root, and others may not use --user.
    return [*command, "--user=root"] if os.geteuid() == 0 else command


def _launch(
    program: Path, directory: Path, port: int, log: Path, options: Sequence[str]
) -> subprocess.Popen[bytes]:
    arguments = [
        "--innodb-fast-shutdown=2",  # unwritten data may be lost
        f"--port={port}",
        "--bind-address=127.0.0.1",
        f"--socket={directory / 'socket'}",
        f"--pid-file={directory / 'pid'}",
        *options,
    ]
    with log.open("wb") as output:
        return subprocess.Popen(  # noqa: S603 - a found program with arguments made here
            [*_command(program, directory), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,  # so that Ctrl-C does not reach the server, which we stop
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def _sends_handshake(path: Path) -> bool:
    """Return whether a server sends its handshake on a unix socket, so that it accepts log-ins.

    The socket is certainly this server's, which a port may not be, and it opens after the port.
    """
    with socket.socket(socket.AF_UNIX) as client, contextlib.suppress(OSError):
        client.settimeout(1)
        client.connect(str(path))
        return bool(client.recv(1))
    return False


def _first_error(log: str) -> str:
    """Return the first error in a server's log, or its last line."""
    lines = log.strip().splitlines() or ["its log is empty"]
    return next((line for line in lines if "ERROR" in line), lines[-1])
