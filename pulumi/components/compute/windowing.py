"""The windowing function and its Kinesis mapping. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components.compute.function import FunctionArgs, FunctionRole, create_function
from components.data.bucket import PrivateBucket
from components.data.state import State
from components.data.storage import Storage
from components.data.stream import Stream
from components.messaging.bus import Bus
from components.security import role_policies

import pulumi


@dataclass(frozen=True, kw_only=True)
class MappingArgs:
    """How records reach the function (docs/facts.md#kinesis-mapping)."""

    batch_size: int
    batching_window_s: int
    parallelization: int
    max_retries: int
    max_record_age_s: int


@dataclass(frozen=True, kw_only=True)
class WindowingArgs:
    """The function, its mapping, and the resources that it uses."""

    function: FunctionArgs
    mapping: MappingArgs
    stream: Stream
    state: State
    bus: Bus
    storage: Storage
    failures: PrivateBucket
    """Bucket of the record batches that could not be folded."""


class Windowing(pulumi.ComponentResource):
    """The function that folds packed rows into windows."""

    def __init__(
        self, name: str, args: WindowingArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create role, function and mapping."""
        super().__init__("coverstream:index:Windowing", name, None, opts)
        child = pulumi.ResourceOptions(parent=self)
        role = FunctionRole(name, args.function, child)
        granted = role.grant(
            role_policies.windowing,
            stream_arn=args.stream.arn,
            table_arn=args.state.arn,
            bus_arn=args.bus.arn,
            output_arn=args.storage.output.arn,
            temp_arn=args.storage.temp.arn,
            failure_arn=args.failures.arn,
        )
        self.function = create_function(name, args.function, role, granted, self)
        self._map(name, args, child)
        self.register_outputs({"function": self.function.name})

    def _map(self, name: str, args: WindowingArgs, child: pulumi.ResourceOptions) -> None:
        """Map the stream to the function, from the oldest record on.

        So rows that were pushed before the function was deployed are not missed, and a mapping that
        is replaced reads all records of the stream again. A stream and a function have one mapping.
        """
        mapping = args.mapping
        aws.lambda_.EventSourceMapping(
            name,
            event_source_arn=args.stream.arn,
            function_name=self.function.name,
            starting_position="TRIM_HORIZON",
            batch_size=mapping.batch_size,
            maximum_batching_window_in_seconds=mapping.batching_window_s,
            parallelization_factor=mapping.parallelization,
            bisect_batch_on_function_error=True,
            maximum_retry_attempts=mapping.max_retries,
            maximum_record_age_in_seconds=mapping.max_record_age_s,
            function_response_types=["ReportBatchItemFailures"],
            # S3 receives the records themselves; a queue would receive their position only.
            destination_config={"on_failure": {"destination_arn": args.failures.arn}},
            opts=pulumi.ResourceOptions.merge(
                child, pulumi.ResourceOptions(delete_before_replace=True)
            ),
        )
