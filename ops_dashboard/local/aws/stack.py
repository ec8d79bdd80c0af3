"""An embedded AWS with a deployed stack. Edge (processes, network).

with LocalAws.start() as aws:
    outputs = aws.deploy(allowed_sources=["127.0.0.1:8123"])
    aws.clients.s3.list_buckets()
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Self
from urllib.parse import urlsplit

import yaml

from ops_dashboard.checkout import ROOT
from ops_dashboard.local.aws import clients as local_clients
from ops_dashboard.local.aws import ministack
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.program import run_program
from ops_dashboard.local.aws.engine.resources import Change
from ops_dashboard.local.aws.instances import Instance
from stream_ingest.aws.stack import load_stack
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.stack_outputs import PROJECT, StackOutputs

LOCAL_SETTINGS: Mapping[str, object] = {
    "bundlePlatform": "local",
    # ministack ignores batchItemFailures and counts the batch as done (docs/facts.md#ministack).
    "partialResponses": "raise",
    # Consoles of this machine, on whichever port.
    "photosCorsOrigins": ("http://127.0.0.1:*", "http://localhost:*"),
}
"""Settings of every deployment on the embedded AWS; they override the stack's file."""


class LocalAws:
    """One embedded AWS. Its ``with`` block stops it, unless `leave_running` was called."""

    def __init__(self, instance: Instance) -> None:
        """Use a running instance."""
        self.instance = instance
        self.clients = Clients(instance.endpoint, instance.ca_bundle)
        self._leave_running = False
        self.changes: Sequence[Change] = ()

    @classmethod
    def start(
        cls,
        *,
        stack: str = "dev",
        port: int | None = None,
        auth: bool = False,
        state: Path | None = None,
    ) -> LocalAws:
        """Start an empty one, or restore the state in the folder `state`.

        Raises `UserError` if the stack does not exist or the start fails.
        """
        stack_settings(stack)  # fails before anything is started
        options = ministack.Options(port=port, auth=auth, state=state)
        return cls(ministack.start(stack, options))

    @property
    def endpoint(self) -> str:
        """URL of every service: ``http://127.0.0.1:<port>``."""
        return self.instance.endpoint

    def deploy(
        self,
        *,
        allowed_sources: Sequence[str] = (),
        settings: Mapping[str, object] | None = None,
    ) -> StackOutputs:
        """Deploy the Pulumi program and return its outputs; `changes` lists what it changed.

        Later calls change only what differs from the call before.

        `allowed_sources` are non-public ``host:port`` addresses that covers may be downloaded from,
        besides this instance's own.
        `settings` override the stack's file by key (``{"collageTimeoutS": 5}``).
        """
        own = {**LOCAL_SETTINGS, **(settings or {})}
        # Its own address, too: `ops-dashboard smoke` has covers in the stack's bucket.
        own["allowedSources"] = [*allowed_sources, urlsplit(self.endpoint).netloc]
        stack = self.instance.stack
        config = {**stack_settings(stack), **{f"{PROJECT}:{key}": own[key] for key in own}}
        self.changes = run_program(
            self.clients, stack, {key: _as_text(config[key]) for key in config}
        )
        return self.outputs()

    def outputs(self) -> StackOutputs:
        """Return the deployed stack's outputs; raises `UserError` if it is not deployed."""
        return load_stack(self.clients.ssm, self.instance.stack)

    def environment(self) -> dict[str, str]:
        """Return the environment variables that make any AWS SDK or CLI use this instance."""
        certificate = self.instance.ca_bundle
        return {
            "AWS_ENDPOINT_URL": self.endpoint,
            "AWS_ACCESS_KEY_ID": local_clients.ACCESS_KEY,
            "AWS_SECRET_ACCESS_KEY": local_clients.SECRET_KEY,
            "AWS_REGION": local_clients.REGION,
            "AWS_DEFAULT_REGION": local_clients.REGION,
            **({"AWS_CA_BUNDLE": certificate} if certificate else {}),
        }

    def leave_running(self) -> None:
        """Do not stop it at the end of the ``with`` block; ``ops-dashboard local down`` does."""
        self._leave_running = True

    def stop(self) -> None:
        """Stop it. Idempotent."""
        self.clients.close()
        ministack.stop(self.instance)

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, unless `leave_running` was called and no exception was raised."""
        if error is not None or not self._leave_running:
            self.stop()


def stack_settings(stack: str) -> dict[str, Any]:
    """Return the configuration in ``Pulumi.<stack>.yaml``; raises `UserError` without that file."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.name.split(".")[1] for p in ROOT.glob("Pulumi.*.yaml")))
        msg = f"no stack {stack!r}; known stacks: {known}"
        raise UserError(msg)
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    return config


def _as_text(value: object) -> str:
    """Return a configuration value as the Pulumi CLI passes it to a program."""
    return value if isinstance(value, str) else json.dumps(value)
