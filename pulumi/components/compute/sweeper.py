"""The sweeper function: every minute, and when a batch has been read. Edge (Pulumi)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import pulumi_aws as aws
from components.compute.function import FunctionArgs, FunctionRole, create_function
from components.compute.schedule import ScheduleArgs, create_schedule
from components.data.state import State
from components.data.storage import Storage
from components.messaging.bus import Bus
from components.messaging.queue import Queue, QueueArgs
from components.security import role_policies

import pulumi
from stream_ingest.contracts import environment
from stream_ingest.contracts.events import BatchDrained, sources_of

BATCH_RETRY_S = 86_400
BATCH_RETRIES = 185
"""The event of a drained batch is retried for a day, as long as EventBridge allows."""


@dataclass(frozen=True, kw_only=True)
class SweeperArgs:
    """The function and the resources that it uses; `intake_queue` starts a file's job."""

    prefix: str
    account: pulumi.Input[str]
    function: FunctionArgs
    state: State
    bus: Bus
    storage: Storage
    intake_queue: Queue


class Sweeper(pulumi.ComponentResource):
    """The function that closes idle windows, re-emits stuck ones and ends batches."""

    def __init__(
        self, name: str, args: SweeperArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create role, function, rule, schedule and their dead-letter queue."""
        super().__init__("coverstream:index:Sweeper", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.rule = self._rule()
        self.dead_letters = Queue(
            "sweeper-dead-letters",
            QueueArgs(
                queue_name=f"{args.prefix}-sweeper-dead-letters",
                rule_arns=(self.rule.arn,),
                key_arn=args.function.hardening.key_arn,
            ),
            self._child,
        )
        self.function = self._function()
        self._sweep_drained_batches()
        self._sweep_every_minute()
        self.register_outputs({"function": self.function.name})

    def _rule(self) -> aws.cloudwatch.EventRule:
        """Match the end of a batch's rows."""
        return aws.cloudwatch.EventRule(
            "batch-drained",
            name=f"{self._args.prefix}-batch-drained",
            event_bus_name=self._args.bus.name,
            event_pattern=json.dumps(
                {
                    "source": list(sources_of(BatchDrained)),
                    "detail-type": [BatchDrained.detail_type()],
                }
            ),
            opts=self._child,
        )

    def _function(self) -> aws.lambda_.Function:
        args = self._args
        variables = {environment.INTAKE_QUEUE: args.intake_queue.url}
        function = dataclasses.replace(
            args.function, variables={**args.function.variables, **variables}
        )
        role = FunctionRole(self._name, function, self._child)
        granted = role.grant(
            role_policies.sweeper,
            table_arn=args.state.arn,
            bus_arn=args.bus.arn,
            input_arn=args.storage.input.arn,
            intake_queue_arn=args.intake_queue.arn,
            output_arn=args.storage.output.arn,
            temp_arn=args.storage.temp.arn,
            dead_letter_arn=self.dead_letters.arn,
        )
        created = create_function(self._name, function, role, granted, self)
        aws.lambda_.FunctionEventInvokeConfig(
            self._name,
            function_name=created.name,
            maximum_retry_attempts=2,
            maximum_event_age_in_seconds=3_600,
            destination_config={"on_failure": {"destination": self.dead_letters.arn}},
            opts=self._child,
        )
        return created

    def _sweep_drained_batches(self) -> None:
        permission = aws.lambda_.Permission(
            "batch-drained",
            statement_id="batch-drained",
            action="lambda:InvokeFunction",
            function=self.function.name,
            principal="events.amazonaws.com",
            source_arn=self.rule.arn,
            opts=self._child,
        )
        aws.cloudwatch.EventTarget(
            "batch-drained",
            rule=self.rule.name,
            event_bus_name=self._args.bus.name,
            target_id="sweeper",
            arn=self.function.arn,
            retry_policy={
                "maximum_event_age_in_seconds": BATCH_RETRY_S,
                "maximum_retry_attempts": BATCH_RETRIES,
            },
            dead_letter_config={"arn": self.dead_letters.arn},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[permission]),
        )

    def _sweep_every_minute(self) -> None:
        args = self._args
        create_schedule(
            self._name,
            ScheduleArgs(
                schedule_name=f"{args.prefix}-sweeper",
                account=args.account,
                rate="rate(1 minute)",
                function=self.function,
                settings=args.function,
                dead_letters=self.dead_letters,
            ),
            self._child,
        )
