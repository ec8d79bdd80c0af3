"""A function that an SQS mapping invokes with the messages of a queue. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import replace

import pulumi_aws as aws
from components.compute.function import FunctionArgs, FunctionRole, create_function
from components.messaging.delivery import Delivery

import pulumi
from stream_ingest.contracts import environment


def create_queue_worker(  # noqa: PLR0913, PLR0917 - the parts of a function and its mapping
    name: str,
    function: FunctionArgs,
    role: FunctionRole,
    granted: aws.iam.RolePolicy,
    delivery: Delivery,
    max_concurrency: int,
    parent: pulumi.Resource,
    batch_size: int = 1,
) -> aws.lambda_.Function:
    """Create a function and its SQS mapping, which runs `max_concurrency` invocations at most.

    An invocation gets up to `batch_size` messages, and does not wait for them to be so many.
    """
    variables = {**function.variables, environment.QUEUE: delivery.queue.url}
    created = create_function(name, replace(function, variables=variables), role, granted, parent)
    aws.lambda_.EventSourceMapping(
        name,
        event_source_arn=delivery.queue.arn,
        function_name=created.name,
        batch_size=batch_size,
        function_response_types=["ReportBatchItemFailures"],
        # Waiting in the queue is free; a throttled invocation would use up one of the receives.
        scaling_config={"maximum_concurrency": max_concurrency},
        opts=pulumi.ResourceOptions(parent=parent),
    )
    return created
