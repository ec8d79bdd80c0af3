"""Reads the addresses of a deployed stack's resources from its SSM parameter. Edge (SSM).

The command lines need no Pulumi CLI and no state backend: they read ``/coverstream/<stack>`` with
the user's own AWS credentials, in AWS and in the embedded one alike.
"""

from __future__ import annotations

import string
from typing import TYPE_CHECKING, TypeVar
from urllib.parse import urlsplit

import msgspec

from stream_ingest.aws import clients
from stream_ingest.contracts.errors import DecodeError, UserError
from stream_ingest.contracts.levels import check_level
from stream_ingest.contracts.stack_outputs import StackOutputs, parameter_name

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient

T = TypeVar("T")


def stack_outputs(stack: str) -> StackOutputs:
    """Return the outputs of a stack, read with the user's credentials; raises as `load_stack`."""
    return load_stack(clients.parameters(clients.session()), stack)


_STACK_CHARACTERS = frozenset(string.ascii_letters + string.digits + "-_.")
_DEPLOY_EMBEDDED = "start it again (ops-dashboard local down, then ops-dashboard local up)"


def is_aws(endpoint: str) -> bool:
    """Whether the URL of a service is AWS's, where requests cost money, and no embedded AWS's."""
    return (urlsplit(endpoint).hostname or "").endswith((".amazonaws.com", ".amazonaws.com.cn"))


def load_stack(ssm: SSMClient, stack: str) -> StackOutputs:
    """Return the outputs of a stack that commands of this release can use.

    Raises `UserError` if it is not deployed, `LevelError` if it was deployed by a release that
    is too old or too new, and `DecodeError` if its parameter is invalid.
    """
    value = _parameter(ssm, stack)
    is_embedded = not is_aws(ssm.meta.endpoint_url)
    check_level(_decoded(stack, value, _Level), _DEPLOY_EMBEDDED if is_embedded else None)
    return _decoded(stack, value, StackOutputs)


def read_stack(ssm: SSMClient, stack: str) -> StackOutputs:
    """Return the outputs of a stack of any level; raises as `load_stack`, but no `LevelError`."""
    return _decoded(stack, _parameter(ssm, stack), StackOutputs)


class _Level(msgspec.Struct, frozen=True, kw_only=True):
    """The outputs that stacks of every release can be compared by."""

    stack: str
    release: str = ""
    level: int = 0
    oldest_commands: int = 0


def _parameter(ssm: SSMClient, stack: str) -> str:
    if not set(stack) <= _STACK_CHARACTERS or not stack:
        msg = f"no name of a stack: {stack!r}; it has letters, digits, '-', '_' and '.'"
        raise UserError(msg)
    name = parameter_name(stack)
    try:
        return ssm.get_parameter(Name=name)["Parameter"]["Value"]
    except ssm.exceptions.ParameterNotFound as error:
        msg = (
            f"stack {stack!r} is not deployed in {ssm.meta.region_name} (no parameter {name});"
            " deploy it with `pulumi up`, or run `ops-dashboard local up` for the embedded AWS"
        )
        raise UserError(msg) from error


def _decoded(stack: str, value: str, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(value, type=kind)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"parameter {parameter_name(stack)}: {error}"
        raise DecodeError(msg) from error
