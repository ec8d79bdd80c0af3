"""Reads the addresses of a deployed stack's resources from its SSM parameter. Edge (SSM).

The command lines need no Pulumi CLI and no state backend: they read ``/coverstream/<stack>`` with
the user's own AWS credentials, in AWS and in the embedded one alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stream_ingest.aws import clients
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.stack_outputs import StackOutputs, parameter_name

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


def stack_outputs(stack: str) -> StackOutputs:
    """Return the outputs of a stack, read with the user's credentials; raises as `load_stack`."""
    return load_stack(clients.session().client("ssm", config=clients.CONFIG), stack)


def load_stack(ssm: SSMClient, stack: str) -> StackOutputs:
    """Return the outputs of a deployed stack; raises `UserError` if it is not deployed."""
    name = parameter_name(stack)
    try:
        raw = ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound as error:
        msg = (
            f"stack {stack!r} is not deployed in {ssm.meta.region_name} (no parameter {name});"
            " deploy it with `pulumi up`, or run `ops-dashboard local up` for the embedded AWS"
        )
        raise UserError(msg) from error
    try:
        return msgspec.json.decode(raw, type=StackOutputs)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"parameter {name}: {error}"
        raise DecodeError(msg) from error
