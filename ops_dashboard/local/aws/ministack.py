"""Starts and stops the embedded AWS. Edge (processes, network, files).

ministack runs in an environment of its own (``uv tool run``), so that its pinned botocore does not
bind ours and none of our packages is there for a function whose zip should carry it. It sees none
of our variables: what a function inherits from it must not depend on the shell that started it.
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

from ops_dashboard.local.aws.instances import FOLDER_PREFIX, Instance, forget, remember
from ops_dashboard.local.aws.process import end_group, group_is_alive, started_at
from stream_ingest.contracts.errors import UserError

VERSION = "1.5.33"
HOST = "127.0.0.1"
START_PATIENCE_S = 180
"""The first start on a machine downloads ministack; later ones take a second."""
STOP_PATIENCE_S = 10
SAVE_PATIENCE_S = 120
"""One that keeps its state writes it down before it ends; a killed one has lost it."""
_POLL_S = 0.05
_PORT_TRIES = 5
_TAKEN = "already in use"
_UV_CAUSE = re.compile(r"╰─▶|^\s*cause:", re.MULTILINE)  # what uv puts before each cause
_KEPT_VARIABLES = (
    "PATH", "HOME", "LANG", "LC_ALL", "XDG_CACHE_HOME", "XDG_CONFIG_HOME", "XDG_DATA_HOME",
    "SSL_CERT_FILE", "SSL_CERT_DIR",
    "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy",
)  # fmt: skip
_CHILDREN: dict[int, subprocess.Popen[bytes]] = {}
"""What this process started and has not stopped, by pid: only a parent can reap its child."""
_OUR_UV_VARIABLES = frozenset({"UV_PROJECT", "UV_PROJECT_ENVIRONMENT", "UV_PYTHON"})


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How to start: on which port (None chooses a free one), and whether IAM is enforced.

    With `auth` it speaks TLS, because the buckets' own policies refuse plain HTTP. With `state` it
    begins with what is in that folder and, when it is stopped, leaves there what it holds then.
    """

    port: int | None = None
    auth: bool = False
    state: Path | None = None


class _PortTakenError(Exception):
    """Somebody else was quicker; another port may do."""


def start(stack: str, options: Options) -> Instance:
    """Start an embedded AWS for `stack` and return it once it answers; `UserError` where it cannot.

    It outlives this process unless `stop` is called.
    """
    for _ in range(_PORT_TRIES):
        port = options.port or _free_port()
        try:
            return _start_on(port, stack, options)
        except _PortTakenError as error:
            if options.port:
                msg = f"port {port} is taken; name another one, or none for a free one"
                raise UserError(msg) from error
    msg = f"found no free port on {HOST}"
    raise UserError(msg)


def stop(instance: Instance) -> None:
    """End the server and all of its workers, and delete its files. Safe to call twice."""
    if instance.is_alive or _is_orphaned(instance):
        end_group(instance.group, SAVE_PATIENCE_S if instance.state else STOP_PATIENCE_S)
    child = _CHILDREN.pop(instance.group, None)
    if child is not None:
        child.wait()
    forget(instance)
    shutil.rmtree(instance.folder, ignore_errors=True)


def _is_orphaned(instance: Instance) -> bool:
    """Tell whether workers are left although the group's first process has ended.

    A group's number is not given to a new process while the group has members (POSIX), so the
    members are ours, unless a new process has the number and proves them to be others.
    """
    return started_at(instance.group) is None and group_is_alive(instance.group)


def _start_on(port: int, stack: str, options: Options) -> Instance:
    if _is_taken(port):
        raise _PortTakenError
    folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
    token = secrets.token_hex(8)
    tls = folder / "tmp" / "ministack-tls" / "server.crt" if options.auth else None
    variables = _environment(folder, port, token, tls) | _keeping(options.state)
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
    remember(instance)
    return instance


def _spawn(folder: Path, environment: dict[str, str]) -> subprocess.Popen[bytes]:
    import uv  # noqa: PLC0415 - not in a wheel's environment, whose `local status` imports this module

    (folder / "tmp").mkdir()
    command = [
        uv.find_uv_bin(), "tool", "run", "--quiet", "--python", sys.executable,
        "--from", f"ministack=={VERSION}", "ministack",
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
    """Return ministack's whole environment; its functions inherit it."""
    kept = {name: os.environ[name] for name in _KEPT_VARIABLES if name in os.environ}
    kept |= {
        name: value
        for name, value in os.environ.items()
        if name.startswith("UV_") and name not in _OUR_UV_VARIABLES
    }
    encrypted = {"USE_SSL": "1", "AUTH": "true", "AWS_CA_BUNDLE": str(tls)} if tls else {}
    return {
        **kept,
        **encrypted,
        "NO_PROXY": f"{HOST},localhost",
        "no_proxy": f"{HOST},localhost",
        "PYTHONUNBUFFERED": "1",
        "BIND_HOST": HOST,
        "GATEWAY_PORT": str(port),
        "MINISTACK_HOST": HOST,
        "MINISTACK_EDITION": token,  # its health answer repeats it: that is how we know our own
        "IOT_MTLS_ENABLED": "false",
        "SFTP_ENABLED": "false",
        "DOCKER_HOST": f"unix://{folder}/no-docker",  # it would look for containers to remove
        "TMPDIR": str(folder / "tmp"),
        "STATE_DIR": str(folder / "state"),
        "S3_DATA_DIR": str(folder / "s3"),
    }


def _keeping(state: Path | None) -> dict[str, str]:
    """Return the variables with which ministack keeps what it holds; objects at once."""
    if state is None:
        return {}
    return {
        "PERSIST_STATE": "1",
        "S3_PERSIST": "1",
        "STATE_DIR": str(state / "services"),
        "S3_DATA_DIR": str(state / "objects"),
    }


def _wait_until_ready(child: subprocess.Popen[bytes], instance: Instance, token: str) -> None:
    deadline = time.monotonic() + START_PATIENCE_S
    while not _answers(instance, token):
        if child.poll() is not None:
            raise _why_it_ended(instance.log)
        if time.monotonic() > deadline:
            msg = f"the embedded AWS did not start within {START_PATIENCE_S} s"
            raise UserError(msg)
        time.sleep(_POLL_S)


def _answers(instance: Instance, token: str) -> bool:
    """Tell whether the server on this port is the one that was told `token`."""
    connection: http.client.HTTPConnection
    if instance.ca_bundle is None:
        connection = http.client.HTTPConnection(HOST, instance.port, timeout=5)
    elif Path(instance.ca_bundle).is_file():
        try:
            context = ssl.create_default_context(cafile=instance.ca_bundle)
        except ssl.SSLError:  # the file is there, but is still being written
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


def _why_it_ended(log: Path) -> Exception:
    text = log.read_text(encoding="utf-8", errors="replace")
    if _TAKEN in text:
        return _PortTakenError()
    return UserError(f"the embedded AWS did not start: {_cause(text)}")


def _cause(text: str) -> str:
    """Return in one line why a start failed: uv's innermost cause, or the last line of a log."""
    text, _, _ = text.partition("hint:")
    _, *causes = _UV_CAUSE.split(text)
    if causes:
        return " ".join(causes[-1].split())
    lines = text.split("\n")
    return next((line.strip() for line in reversed(lines) if line.strip()), "it said nothing")


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
