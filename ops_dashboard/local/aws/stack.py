"""An embedded AWS with a stack on it: start, deploy, use, stop. Edge (processes, network).

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

import yaml

from ops_dashboard.checkout import ROOT
from ops_dashboard.local.aws import clients as local_clients
from ops_dashboard.local.aws import ministack
from ops_dashboard.local.aws.clients import Clients
from ops_dashboard.local.aws.engine.program import PROJECT, run_program
from ops_dashboard.local.aws.instances import Instance
from stream_ingest.aws.stack import StackOutputs, load_stack
from stream_ingest.contracts.errors import UserError

LOCAL_SETTINGS: Mapping[str, object] = {
    "bundlePlatform": "local",
    # ministack counts a batch as done whatever batchItemFailures say (docs/facts.md#ministack).
    "partialResponses": "raise",
}
"""What is different on the embedded AWS, whatever the stack's own file says."""


class LocalAws:
    """One embedded AWS. Ends with its ``with`` block, unless it was told to `leave_running`."""

    def __init__(self, instance: Instance) -> None:
        """Take over an instance that runs."""
        self.instance = instance
        self.clients = Clients(instance.endpoint, instance.ca_bundle)
        self._stays = False

    @classmethod
    def start(
        cls,
        *,
        stack: str = "dev",
        port: int | None = None,
        auth: bool = False,
        state: Path | None = None,
    ) -> LocalAws:
        """Start one with nothing on it, or with what is kept in the folder `state`.

        `UserError` where that is impossible.
        """
        stack_settings(stack)  # a stack that does not exist is told before anything starts
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
        """Deploy the Pulumi program and return where its parts are; once.

        `allowed_sources` are ``host:port`` pairs that may be fetched although they are not public.
        `settings` overrules the stack's file, key by key (``{"collageTimeoutS": 5}``).
        """
        own = {**LOCAL_SETTINGS, **(settings or {})}
        if allowed_sources:
            own["allowedSources"] = list(allowed_sources)
        stack = self.instance.stack
        config = {**stack_settings(stack), **{f"{PROJECT}:{key}": own[key] for key in own}}
        run_program(self.clients, stack, {key: _as_text(config[key]) for key in config})
        return self.outputs()

    def outputs(self) -> StackOutputs:
        """Return where the deployed stack's parts are; `UserError` where it is not deployed."""
        return load_stack(self.clients.ssm, self.instance.stack)

    def environment(self) -> dict[str, str]:
        """Return the variables with which any AWS SDK or CLI talks to this one."""
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
        """Keep it when the ``with`` block ends; ``ops-dashboard local down`` stops it."""
        self._stays = True

    def stop(self) -> None:
        """End it and everything on it. Safe to call twice."""
        self.clients.close()
        ministack.stop(self.instance)

    def __enter__(self) -> Self:
        """Begin its use."""
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        """Stop it, unless it is to stay and nothing went wrong."""
        if error is not None or not self._stays:
            self.stop()


def stack_settings(stack: str) -> dict[str, Any]:
    """Return the configuration in ``Pulumi.<stack>.yaml``; `UserError` where there is none."""
    path = ROOT / f"Pulumi.{stack}.yaml"
    if not path.is_file():
        known = ", ".join(sorted(p.name.split(".")[1] for p in ROOT.glob("Pulumi.*.yaml")))
        msg = f"no stack {stack!r}: there are {known}"
        raise UserError(msg)
    config: dict[str, Any] = yaml.safe_load(path.read_text(encoding="utf-8"))["config"]
    return config


def _as_text(value: object) -> str:
    """Return a configuration value as the Pulumi CLI hands it to a program."""
    return value if isinstance(value, str) else json.dumps(value)
