"""Runs the bridge as a process for an embedded AWS. Edge (processes).

``python -m ops_dashboard.local.aws.bridge.process PORT`` serves the embedded AWS on that port and
exits when that stops. Its log is ``bridge.log`` in the instance's folder.
"""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from botocore.exceptions import BotoCoreError, ClientError

from ops_dashboard.local.aws.bridge.metrics_bridge import MetricsBridge
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.instances import Instance, running
from stream_ingest.aws.stack import load_stack

_STEP_S = 5.0
_SHUTDOWN_S = 20.0
_POLL_S = 0.5
"""How often it checks that its AWS still runs."""


def start_bridge(instance: Instance) -> subprocess.Popen[bytes]:
    """Start the bridge of an instance with a deployed stack; call it once per instance."""
    with Path(instance.folder, "bridge.log").open("wb") as log:
        return subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-m", "ops_dashboard.local.aws.bridge.process", str(instance.port)],
            env=dict(os.environ),
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )


@contextmanager
def running_bridge(instance: Instance) -> Iterator[None]:
    """Run the bridge of an instance during a ``with`` block."""
    process = start_bridge(instance)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def follow(instance: Instance) -> None:
    """Bridge an instance until it stops; raises errors of AWS while it runs."""
    clients = Clients(instance.endpoint, instance.ca_bundle)
    try:
        bridge = MetricsBridge(clients, load_stack(clients.ssm, instance.stack))
        next_s = time.monotonic()
        while instance.is_alive:
            if time.monotonic() >= next_s:
                bridge.step(time.time())
                next_s = time.monotonic() + _STEP_S
            time.sleep(_POLL_S)
    except (BotoCoreError, ClientError):
        if not _stops(instance):  # else the error is its shutdown
            raise
    finally:
        clients.close()


def _stops(instance: Instance) -> bool:
    """Return whether an instance has stopped, or does within `_SHUTDOWN_S` seconds.

    It refuses requests some time before its process ends.
    """
    deadline_s = time.monotonic() + _SHUTDOWN_S
    while instance.is_alive and time.monotonic() < deadline_s:
        time.sleep(_POLL_S)
    return not instance.is_alive


def main() -> None:
    """Serve the instance on the port given as the argument."""
    port = int(sys.argv[1])
    for instance in running():
        if instance.port == port:
            follow(instance)


if __name__ == "__main__":
    main()
