"""Starts and stops the embedded AWS. Edge (processes, network, files).

ministack runs in a separate environment (``uv tool run``), so that its pinned botocore does not
bind ours, and a function cannot import a package that is missing in its zip. It gets a minimal set
of variables, so that functions do not depend on the shell that started it.
"""

from __future__ import annotations

import http.client
import json
import os
import re
import secrets
import shutil
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from ops_dashboard.local.aws.instances import FOLDER_PREFIX, Instance, register, unregister
from ops_dashboard.local.aws.process import end_group, group_is_alive, started_at
from stream_ingest.contracts.errors import UserError

VERSION = "1.5.33"
_SERVER = Path(__file__).with_name("server.py")
HOST = "127.0.0.1"
START_TIMEOUT_S = 180
"""The first start on a machine downloads ministack; later ones take a second."""
STOP_TIMEOUT_S = 10
SAVE_TIMEOUT_S = 120
"""An instance with persistent state writes it before it exits; if killed, the state is lost."""
_POLL_S = 0.05
_PORT_TRIES = 5
_TAKEN = "already in use"
_UV_CAUSE = re.compile(r"╰─▶|^\s*cause:", re.MULTILINE)  # uv's marks of a cause
_INHERITED_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
)  # fmt: skip
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""Running instances that this process has started, by pid: only the parent can reap them."""
_DROPPED_UV_VARIABLES = frozenset({"UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to start: the port (None chooses a free one), IAM enforcement, persistent state.

    With `auth` it uses TLS, because the bucket policies deny plain HTTP. With `state` it loads its
    state from that folder, and saves it there when it is stopped.
    """

    port: int | None = None
    auth: bool = False
    state: Path | None = None


class _PortTakenError(Exception):
    """Another process has the port."""


def start(stack: str, options: Options) -> Instance:
    """Start an embedded AWS for `stack` and return it once it responds.

    It outlives this process unless `stop` is called. Raises `UserError` if it does not start.
    """
    for _ in range(_PORT_TRIES):
        port = options.port or _free_port()
        try:
            return _start_on(port, stack, options)
        except _PortTakenError as error:
            if options.port:
                msg = f"port {port} is taken; choose another --port, or none for a free one"
                raise UserError(msg) from error
    msg = f"no free port found on {HOST}"
    raise UserError(msg)


def stop(instance: Instance) -> None:
    """Terminate the server and its workers, and delete its files. Idempotent."""
    if instance.is_alive or _is_orphaned(instance):
        end_group(instance.group, SAVE_TIMEOUT_S if instance.state else STOP_TIMEOUT_S)
    child = _CHILDREN.pop(instance.group, None)
    if child is not None:
        child.wait()
    unregister(instance)
    shutil.rmtree(instance.folder, ignore_errors=True)


def _is_orphaned(instance: Instance) -> bool:
    """Return whether workers still run although the server has ended.

    The pid of a new process is never the id of an existing group (POSIX), so if no process has the
    server's pid, the group is still the server's.
    """
    return started_at(instance.group) is None and group_is_alive(instance.group)


def _start_on(port: int, stack: str, options: Options) -> Instance:
    if _is_taken(port):
        raise _PortTakenError
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    token = secrets.token_hex(8)
    tls = folder / "tmp" / "ministack-tls" / "server.crt" if options.auth else None
    variables = _environment(folder, port, token, tls) | _state_variables(options.state)
    child = _spawn(folder, variables)
    instance = Instance(
        stack=stack,
        port=port,
        endpoint=f"{'https' if tls else 'http'}://{HOST}:{port}",
        group=child.pid,
        started=started_at(child.pid) or "ended",
        folder=str(folder),
        ca_bundle=str(tls) if tls else None,
        state=str(options.state) if options.state else None,
    )
    try:
        _wait_until_ready(child, instance, token)
    except BaseException:
        end_group(child.pid)
        child.wait()
        shutil.rmtree(folder, ignore_errors=True)
        raise
    _CHILDREN[child.pid] = child
    register(instance)
    return instance


def _spawn(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    import uv  # noqa: PLC0415 - not in a wheel's environment, whose `local status` imports this module

    (folder / "tmp").mkdir()
    command = [
        uv.find_uv_bin(), "tool", "run", "--quiet", "--python", sys.executable,
        "--from", f"ministack=={VERSION}", "python", "-I", "-u", str(_SERVER),
    ]  # fmt: skip
    with (folder / "aws.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            command,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


def _environment(folder: Path, port: int, token: str, tls: Path | None) -> dict[str, str]:
    """Return ministack's environment, which its functions inherit."""
    inherited = {name: os.environ[name] for name in _INHERITED_VARIABLES if name in os.environ}
    inherited |= {
        name: value
        for name, value in os.environ.items()
        if name.startswith("UV_") and name not in _DROPPED_UV_VARIABLES
    }
    encrypted = {"USE_SSL": "1", "AUTH": "true", "AWS_CA_BUNDLE": str(tls)} if tls else {}
    return {
        **inherited,
        **encrypted,
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
        "PYTHONUNBUFFERED": "1",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_EDITION": token,  # in its health response, which identifies this instance
        "IOT_MTLS_ENABLED": "false",
        "SFTP_ENABLED": "false",
        "DOCKER_HOST": f"unix://{folder}/no-docker",  # else it removes containers of an earlier run
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }


def _state_variables(state: Path | None) -> dict[str, str]:
    """Return the variables that make ministack save its state in a folder."""
    if state is None:
        return {}
    return {
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(state / "services"),
        "S3_DATA_DIR": str(state / "objects"),
    }


def _wait_until_ready(child: subprocess.Popen[bytes], instance: Instance, token: str) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while not _responds(instance, token):
        if child.poll() is not None:
            raise _start_error(instance.log)
        if time.monotonic() > deadline:
            msg = f"the embedded AWS did not start within {START_TIMEOUT_S} s"
            raise UserError(msg)
        time.sleep(_POLL_S)


def _responds(instance: Instance, token: str) -> bool:
    """Return whether the server on this port is the one that was started with `token`."""
    connection: http.client.HTTPConnection
    if instance.ca_bundle is None:
        connection = http.client.HTTPConnection(HOST, instance.port, timeout=5)
    elif Path(instance.ca_bundle).is_file():
        try:
            context = ssl.create_default_context(cafile=instance.ca_bundle)
        except ssl.SSLError:  # the file is still being written
            return False
        connection = http.client.HTTPSConnection(HOST, instance.port, timeout=5, context=context)
    else:
        return False
    try:
        connection.request("GET", "/_ministack/health")
        health = json.loads(connection.getresponse().read())
    except (OSError, http.client.HTTPException, ValueError):
        return False
    finally:
        connection.close()
    return isinstance(health, dict) and health.get("edition") == token


def _start_error(log: Path) -> Exception:
    text = log.read_text(encoding="utf-8", errors="replace")
    if _TAKEN in text:
        return _PortTakenError()
    return UserError(f"the embedded AWS did not start: {_cause(text)}")


def _cause(text: str) -> str:
    """Return one line on why a start failed: uv's innermost cause, or the log's last line."""
    text, _, _ = text.partition("hint:")
    _, *causes = _UV_CAUSE.split(text)
    if causes:
        return " ".join(causes[-1].split())
    lines = text.split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "its log is empty")


def _is_taken(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return True
    return False


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind((HOST, 0))
        port: int = probe.getsockname()[1]
        return port
