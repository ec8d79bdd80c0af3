"""The SSM parameter with a stack's addresses, for the command lines. Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import msgspec
import pulumi_aws as aws

import pulumi
from stream_ingest.contracts.stack_outputs import StackOutputs, parameter_name


class StackParameter(pulumi.ComponentResource):
    """The SSM parameter that `stream_ingest.aws.stack.load_stack` reads."""

    def __init__(
        self,
        name: str,
        stack: str,
        entries: Mapping[str, pulumi.Input[Any]],
        opts: pulumi.ResourceOptions | None = None,
    ) -> None:
        """Write the parameter; `entries` are all fields of `StackOutputs`."""
        super().__init__("coverstream:index:Directory", name, None, opts)
        self.parameter = aws.ssm.Parameter(
            name,
            name=parameter_name(stack),
            type="String",
            value=pulumi.Output.all(**entries).apply(_encode),
            opts=pulumi.ResourceOptions(parent=self),
        )
        self.register_outputs({"parameter": self.parameter.name})


def _encode(entries: Mapping[str, Any]) -> str:
    """Return the JSON of a stack's outputs; a missing or unknown entry is an error."""
    return msgspec.json.encode(msgspec.convert(dict(entries), StackOutputs)).decode()
