"""What ``ops-dashboard local up`` does: start, restore, or find what it started before. Edge.

The same call works again on any later day. If what it started still runs, that is used. If it was
stopped, its saved state is restored. If it was killed (a reboot) before its state was saved for the
first time, the stack is deployed anew.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import msgspec

from ops_dashboard.local.aws.bridge import process
from ops_dashboard.local.aws.instances import Instance, register, running
from ops_dashboard.local.aws.persistence import (
    SavedStack,
    check_matches,
    clear,
    load_saved_stack,
    record_saved_stack,
)
from ops_dashboard.local.aws.stack import LocalAws
from stream_ingest.aws.stack import read_stack
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.levels import LevelError, check_level

Say = Callable[[str], None]


class UpRequest(msgspec.Struct, frozen=True, kw_only=True):
    """The options of ``local up``."""

    stack: str
    port: int | None
    auth: bool
    state: Path | None
    """Absolute path of the folder of its persistent state."""
    sources: tuple[str, ...]

    def describes(self, instance: Instance) -> bool:
        """Return whether a running instance is what these options ask for."""
        return (
            instance.stack == self.stack
            and self.port in (None, instance.port)
            and (instance.ca_bundle is not None) == self.auth
            and instance.state == (str(self.state) if self.state else None)
            and instance.sources == self.sources
        )


def bring_up(request: UpRequest, say: Say) -> LocalAws:
    """Return a running embedded AWS with a deployed stack; it outlives this process.

    Raises `UserError` if the port or the folder is used by something else.
    """
    found = _already_running(request)
    if found is not None:
        say(f"Stack {request.stack} is already running on {found.endpoint}.")
        return found
    saved = _saved_stack(request)
    say("Starting the embedded AWS …")
    aws = _restore(request, saved, say) if saved else _start(request, request.port)
    with aws:
        if not saved or not _is_deployed(aws):
            say(f"Deploying stack {request.stack} onto {aws.endpoint} …")
            aws.deploy(allowed_sources=request.sources)
        aws.instance = msgspec.structs.replace(aws.instance, sources=request.sources)
        register(aws.instance)
        if request.state is not None:
            record_saved_stack(request.state, aws.instance)
        process.start_bridge(aws.instance)
        aws.leave_running()
    return aws


def _already_running(request: UpRequest) -> LocalAws | None:
    """Return the instance of an earlier call with the same port or folder and the same options.

    Without a port and a folder every call starts another one. Raises `UserError` if the instance
    has other options.
    """
    for instance in running():
        if request.state is not None and instance.state == str(request.state):
            used = f"the embedded AWS on port {instance.port} is using {request.state}"
        elif instance.port == request.port:
            used = f"an embedded AWS is running on port {instance.port}"
        else:
            continue
        aws = LocalAws(instance)
        if request.describes(instance) and _is_deployed(aws):
            _check_level(aws, f"stop it (ops-dashboard local down --port {instance.port})")
            return aws
        msg = f"{used} with other options; stop it with: ops-dashboard local down --port"
        msg = f"{msg} {instance.port}"
        raise UserError(msg)
    return None


def _saved_stack(request: UpRequest) -> SavedStack | None:
    """Return what the state folder contains, if anything; `UserError` if it cannot be used."""
    folder = request.state
    saved = None if folder is None else load_saved_stack(folder)
    if folder is None or saved is None:
        return None
    check_matches(folder, saved, stack=request.stack, port=request.port, auth=request.auth)
    if request.sources != (saved.sources or ()):
        allowed = ", ".join(saved.sources or ()) or "none"
        msg = (
            f"{folder} contains a stack that was deployed with other --allow-source ({allowed}):"
            " use the same, or choose another --state"
        )
        raise UserError(msg)
    return saved


def _restore(request: UpRequest, saved: SavedStack, say: Say) -> LocalAws:
    """Return the restored instance, or an empty one if its state was never saved."""
    aws = _start(request, saved.port)
    if _is_deployed(aws):
        try:
            _check_level(aws, "restore it with that release, or choose another --state")
        except LevelError:
            aws.stop()
            raise
        say(f"Stack {request.stack} is restored on {aws.endpoint}.")
        return aws
    aws.stop()
    say(f"The state in {request.state} was not saved, because its AWS was killed.")
    if request.state is not None:
        clear(request.state)
    return _start(request, saved.port)


def _start(request: UpRequest, port: int | None) -> LocalAws:
    return LocalAws.start(stack=request.stack, port=port, auth=request.auth, state=request.state)


def _check_level(aws: LocalAws, do: str) -> None:
    """Raise `LevelError` if this release cannot use a deployed stack: functions are not updated."""
    check_level(read_stack(aws.clients.ssm, aws.instance.stack), do)


def _is_deployed(aws: LocalAws) -> bool:
    try:
        read_stack(aws.clients.ssm, aws.instance.stack)
    except UserError:
        return False
    return True
