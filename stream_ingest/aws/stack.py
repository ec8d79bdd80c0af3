"""The outputs of a deployed stack: one JSON parameter that Pulumi writes. Edge (SSM).

The command lines need neither the Pulumi CLI nor its state backend: they read
``/coverstream/<stack>`` with the user's AWS credentials, from AWS and the embedded AWS alike.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from stream_ingest.contracts.errors import DecodeError, UserError

if TYPE_CHECKING:
    from types_boto3_ssm import SSMClient


class StackOutputs(msgspec.Struct, frozen=True, kw_only=True):
    """Names, ARNs and URLs of one deployed stack's resources."""

    stack: str
    region: str
    stream_name: str
    table_name: str
    bus_name: str
    archive_arn: str
    window_rule_arn: str
    input_bucket: str
    output_bucket: str
    temp_bucket: str
    collage_queue_url: str
    dead_letter_urls: dict[str, str]
    """Dead-letter queues by what fills them: ``collage``, ``prefetch`` , ``intake``,
    ``sweeper``, ``window-rule``."""
    windowing_function: str
    sweeper_function: str
    collage_function: str
    intake_function: str
    prefetch_function: str
    prefetch_queue_url: str
    """Queue of the prefetch function: covers of open windows that are about to expire."""
    prefetch_covers: bool
    """Whether those are prefetched; else their windows are closed early."""
    request_queue_url: str
    """Queue of the intake: requests for controlled batches, and uploads that S3 announces."""
    dashboard_name: str
    alarm_topic_arn: str


def parameter_name(stack: str) -> str:
    """Return the name of the SSM parameter with a stack's outputs."""
    return f"/coverstream/{stack}"


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
