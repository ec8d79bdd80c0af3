"""The bridge as a process beside an embedded AWS that was left running. Edge (processes).

``python -m ops_dashboard.local.aws.bridge.process PORT`` follows the embedded AWS on that port and
ends when that ends. Its log is ``bridge.log`` in the instance's folder.
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
_LOOK_S = 0.5
"""How often it looks whether its AWS still runs."""


def spawn(instance: Instance) -> subprocess.Popen[bytes]:
    """Start the bridge of an instance on which a stack is deployed; once an instance."""
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
def beside(instance: Instance) -> Iterator[None]:
    """Have the bridge of an instance run for the time of a ``with`` block."""
    process = spawn(instance)
    try:
        yield
    finally:
        process.terminate()
        process.wait()


def follow(instance: Instance) -> None:
    """Bridge an instance until it ends; raises what goes wrong while it runs."""
    clients = Clients(instance.endpoint, instance.ca_bundle)
    try:
        bridge = MetricsBridge(clients, load_stack(clients.ssm, instance.stack))
        next_s = time.monotonic()
        while instance.is_alive:
            if time.monotonic() >= next_s:
                bridge.step(time.time())
                next_s = time.monotonic() + _STEP_S
            time.sleep(_LOOK_S)
    except (BotoCoreError, ClientError):
        if instance.is_alive:  # else its end is why
            raise
    finally:
        clients.close()


def main() -> None:
    """Follow the instance on the port that is the one argument."""
    port = int(sys.argv[1])
    for instance in running():
        if instance.port == port:
            follow(instance)


if __name__ == "__main__":
    main()
