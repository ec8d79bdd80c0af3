"""The rendition function: S3 rule, queues, mappings. Edge (Pulumi)."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

import pulumi_aws as aws
from components.compute.bucket_events import DEFAULT_BUS, BucketEventsArgs, enable_events
from components.compute.function import FunctionArgs, FunctionRole, create_function
from components.compute.schedule import ScheduleArgs, create_schedule
from components.data.cdn import Cdn
from components.data.photo_storage import PhotoStorage
from components.messaging.bus import Bus
from components.messaging.delivery import VISIBILITY_PER_TIMEOUT
from components.messaging.queue import Queue, QueueArgs
from components.security import photo_policies

import pulumi
from rendition_lambda.sweeping.sweep import SWEEP
from stream_ingest.contracts import environment
from stream_ingest.contracts.s3_events import OBJECT_CREATED, OBJECT_DELETED

SWEEPS = "rate(5 minutes)"


@dataclass(frozen=True, kw_only=True)
class PhotosArgs:
    """The function and what it uses; so many photos are rendered at once.

    `other_bucket_arns` are buckets of others whose photos it may render, too.
    """

    prefix: str
    account: pulumi.Input[str]
    function: FunctionArgs
    storage: PhotoStorage
    cdn: Cdn | None
    bus: Bus
    other_bucket_arns: tuple[str, ...] = ()
    max_receives: int
    max_concurrency: int
    backfill_concurrency: int


class Photos(pulumi.ComponentResource):
    """Renders what is uploaded, and removes the outputs of what is deleted.

    A backfill has a queue of its own, so that uploads do not wait for it.
    """

    def __init__(
        self, name: str, args: PhotosArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create rule, queues, role, function and mappings."""
        super().__init__("coverstream:index:Photos", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.rule = self._rule()
        self.dead_letters = self._queue("photos-dead-letters", takes_events=True)
        self.queue = self._queue("photos", takes_events=True, is_worked_off=True)
        self.backfill = self._queue("photos-backfill", is_worked_off=True)
        self._allow_redrive()
        self.uploads_bucket = enable_events(
            self,
            BucketEventsArgs(
                bucket_name="uploads",
                bucket=args.storage.uploads,
                rule_name="photo-changed",
                rule=self.rule,
                target_id="photos-queue",
                queue=self.queue,
                dead_letters=self.dead_letters,
            ),
        )
        """Name of the bucket of uploads, known once S3 announces what is uploaded there."""
        self.function = self._function()
        create_schedule(
            name,
            ScheduleArgs(
                schedule_name=f"{args.prefix}-photos",
                account=args.account,
                rate=SWEEPS,
                function=self.function,
                settings=args.function,
                input=json.dumps({SWEEP: True}),
            ),
            self._child,
        )
        self.register_outputs({"queue_url": self.queue.url, "function": self.function.name})

    def _rule(self) -> aws.cloudwatch.EventRule:
        """Match every upload to the bucket, and every deletion."""
        return aws.cloudwatch.EventRule(
            "photo-changed",
            name=f"{self._args.prefix}-photo-changed",
            event_bus_name=DEFAULT_BUS,
            event_pattern=self._args.storage.uploads.name.apply(
                lambda known: json.dumps(
                    {
                        "source": ["aws.s3"],
                        "detail-type": [OBJECT_CREATED, OBJECT_DELETED],
                        "detail": {"bucket": {"name": [known]}},
                    }
                )
            ),
            opts=self._child,
        )

    def _queue(
        self, purpose: str, *, takes_events: bool = False, is_worked_off: bool = False
    ) -> Queue:
        function = self._args.function
        arguments = QueueArgs(
            queue_name=f"{self._args.prefix}-{purpose}",
            rule_arns=(self.rule.arn,) if takes_events else (),
            key_arn=function.hardening.key_arn,
        )
        if is_worked_off:
            arguments = replace(
                arguments,
                visibility_timeout_s=VISIBILITY_PER_TIMEOUT * function.limits.timeout_s,
                receive_wait_s=20,
                dead_letter_arn=self.dead_letters.arn,
                max_receives=self._args.max_receives,
            )
        return Queue(purpose, arguments, self._child)

    def _allow_redrive(self) -> None:
        aws.sqs.RedriveAllowPolicy(
            "photos-dead-letters",
            queue_url=self.dead_letters.url,
            redrive_allow_policy=pulumi.Output.json_dumps(
                {
                    "redrivePermission": "byQueue",
                    "sourceQueueArns": [self.queue.arn, self.backfill.arn],
                }
            ),
            opts=self._child,
        )

    def _function(self) -> aws.lambda_.Function:
        args = self._args
        variables = {
            environment.QUEUE: self.queue.url,
            environment.BACKFILL_QUEUE: self.backfill.url,
        }
        function = replace(args.function, variables={**args.function.variables, **variables})
        role = FunctionRole(self._name, function, self._child)
        granted = role.grant(
            photo_policies.photos,
            queue_arns=[self.queue.arn, self.backfill.arn],
            backfill_arn=self.backfill.arn,
            table_arn=args.storage.table.arn,
            bus_arn=args.bus.arn,
            uploads_arn=args.storage.uploads.arn,
            renditions_arn=args.storage.renditions.arn,
            other_arns=list(args.other_bucket_arns),
            distribution_arn=args.cdn.arn if args.cdn else "",
        )
        created = create_function(self._name, function, role, granted, self)
        sources = {
            "photos": (self.queue, args.max_concurrency),
            "photos-backfill": (self.backfill, args.backfill_concurrency),
        }
        for name, (queue, concurrency) in sources.items():
            aws.lambda_.EventSourceMapping(
                name,
                event_source_arn=queue.arn,
                function_name=created.name,
                batch_size=1,
                function_response_types=["ReportBatchItemFailures"],
                scaling_config={"maximum_concurrency": concurrency},
                opts=self._child,
            )
        return created
