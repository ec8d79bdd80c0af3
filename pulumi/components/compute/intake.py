"""The intake: S3 rule, queue, function, and the queue for requests. Edge (Pulumi)."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass

import pulumi_aws as aws
from components.compute.bucket_events import DEFAULT_BUS, BucketEventsArgs, enable_events
from components.compute.function import FunctionArgs, FunctionRole, create_function
from components.data.state import State
from components.data.storage import Storage
from components.data.stream import Stream
from components.messaging.delivery import VISIBILITY_PER_TIMEOUT
from components.messaging.queue import Queue, QueueArgs
from components.security import role_policies

import pulumi
from stream_ingest.contracts import environment
from stream_ingest.contracts.s3_events import OBJECT_CREATED
from stream_ingest.intake.jobs import CSV_FOLDER


@dataclass(frozen=True, kw_only=True)
class IntakeArgs:
    """The function and the resources that it uses; `max_concurrency` files are read at once.

    `other_bucket_arns` are buckets of others that it may read, too.
    """

    prefix: str
    function: FunctionArgs
    max_concurrency: int
    max_receives: int
    other_bucket_arns: tuple[str, ...] = ()
    stream: Stream
    state: State
    storage: Storage


class Intake(pulumi.ComponentResource):
    """Reads CSV files into the stream: dropped files, and those that a request names.

    One queue carries both, and the continuations of files that take more than one invocation. So
    all have the same retries and the same dead-letter queue.
    """

    def __init__(
        self, name: str, args: IntakeArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create rule, queues, role, function and mapping."""
        super().__init__("coverstream:index:Intake", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.rule = self._rule()
        self._queues()
        self.input_bucket = enable_events(
            self,
            BucketEventsArgs(
                bucket_name="input",
                bucket=args.storage.input,
                rule_name="csv-uploaded",
                rule=self.rule,
                target_id="intake-queue",
                queue=self.queue,
                dead_letters=self.dead_letters,
            ),
        )
        """Name of the input bucket, known once S3 announces what is dropped there."""
        self.function = self._function()
        self.register_outputs({"queue_url": self.queue.url, "function": self.function.name})

    def _rule(self) -> aws.cloudwatch.EventRule:
        """Match every upload below `CSV_FOLDER`; uploads elsewhere start nothing.

        A rule by suffix would leave files of other kinds, or in upper case, in silence.
        """
        bucket = self._args.storage.input.name
        keys = [{"prefix": CSV_FOLDER}]
        return aws.cloudwatch.EventRule(
            "csv-uploaded",
            name=f"{self._args.prefix}-csv-uploaded",
            event_bus_name=DEFAULT_BUS,
            event_pattern=bucket.apply(
                lambda known: json.dumps(
                    {
                        "source": ["aws.s3"],
                        "detail-type": [OBJECT_CREATED],
                        "detail": {"bucket": {"name": [known]}, "object": {"key": keys}},
                    }
                )
            ),
            opts=self._child,
        )

    def _queues(self) -> None:
        args = self._args
        rule_arns = (self.rule.arn,)
        self.dead_letters = Queue(
            "intake-dead-letters",
            QueueArgs(
                queue_name=f"{args.prefix}-intake-dead-letters",
                rule_arns=rule_arns,
                key_arn=args.function.hardening.key_arn,
            ),
            self._child,
        )
        self.queue = Queue(
            "intake",
            QueueArgs(
                queue_name=f"{args.prefix}-intake",
                rule_arns=rule_arns,
                visibility_timeout_s=VISIBILITY_PER_TIMEOUT * args.function.limits.timeout_s,
                receive_wait_s=20,
                dead_letter_arn=self.dead_letters.arn,
                max_receives=args.max_receives,
                notifying_bucket_arns=args.other_bucket_arns,
                key_arn=args.function.hardening.key_arn,
            ),
            self._child,
        )
        aws.sqs.RedriveAllowPolicy(
            "intake-dead-letters",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {"redrivePermission": "byQueue", "sourceQueueArns": [self.queue.arn]}
            ),
            opts=self._child,
        )

    def _function(self) -> aws.lambda_.Function:
        args = self._args
        variables = {
            environment.STREAM: args.stream.name,
            environment.INTAKE_QUEUE: self.queue.url,
            environment.INTAKE_DEAD_LETTERS: self.dead_letters.url,
        }
        function = dataclasses.replace(
            args.function, variables={**args.function.variables, **variables}
        )
        role = FunctionRole(self._name, function, self._child)
        granted = role.grant(
            role_policies.intake,
            queue_arn=self.queue.arn,
            dead_letter_arn=self.dead_letters.arn,
            stream_arn=args.stream.arn,
            table_arn=args.state.arn,
            input_arn=args.storage.input.arn,
            other_input_arns=list(args.other_bucket_arns),
            output_arn=args.storage.output.arn,
            temp_arn=args.storage.temp.arn,
        )
        created = create_function(self._name, function, role, granted, self)
        self._map_queue(created)
        return created

    def _map_queue(self, function: aws.lambda_.Function) -> None:
        """Invoke the function with one message at a time."""
        # Lambda stops a chain of 16 invocations through a queue as a recursive loop. A large file
        # takes more of them, and each one makes progress.
        allowed = aws.lambda_.FunctionRecursionConfig(
            self._name, function_name=function.name, recursive_loop="Allow", opts=self._child
        )
        aws.lambda_.EventSourceMapping(
            self._name,
            event_source_arn=self.queue.arn,
            function_name=function.name,
            batch_size=1,
            function_response_types=["ReportBatchItemFailures"],
            scaling_config={"maximum_concurrency": self._args.max_concurrency},
            opts=pulumi.ResourceOptions(parent=self, depends_on=[allowed]),
        )
