"""What a stack may set, with defaults and bounds. Pure.

Keys are those of ``Pulumi.<stack>.yaml`` under ``coverstream:``, in camelCase; fields are the same
words in snake_case. These defaults are the only ones: the Lambdas have none of their own.
"""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from checks.consistency import setting_name, setting_problems
from setting_types import (
    BucketName,
    Days,
    HeaderText,
    HostPort,
    KeyArn,
    LogRetentionDays,
    MaxConcurrency,
    MaxReceives,
    MemoryMb,
    Minutes,
    Port,
    Requests,
    ReservedConcurrency,
    RouteTableId,
    Sha256,
    SubnetId,
    TableName,
    TimeoutS,
    VpcId,
    WorkerTimeoutS,
)

from collage_lambda.download.headers import USER_AGENT
from collage_lambda.output.key_template import DEFAULT_TEMPLATE
from ops_dashboard.monitoring.resources import Thresholds
from stream_ingest.contracts.batch_options import BatchOptions, read_options
from stream_ingest.contracts.settings import MAX_IMAGES_PER_WINDOW, CellPx, Quality

_DEFAULT = "default_"


class SettingsError(Exception):
    """Settings of a stack are wrong; the message lists all of them."""


class Settings(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Settings of one stack. Bounds are those of AWS where AWS has any (docs/facts.md)."""

    protect: bool = False
    """Refuse to delete table, buckets, stream, archive and key, until it is switched off and
    deployed; buckets that still have objects are not deleted even then."""
    input_bucket: BucketName | None = None
    """Name of the input bucket; by default one that no other account can have."""
    output_bucket: BucketName | None = None
    """Name of the output bucket, as above."""
    temp_bucket: BucketName | None = None
    """Name of the bucket of temporary files, as above."""
    adopted_buckets: tuple[Literal["input", "output", "temp"], ...] = ()
    """Which of these buckets exist already and become the stack's (docs/guide/deploy.md)."""
    table_name: TableName = ""
    """Name of the table, if it is not ``<prefix>-state``: one that was restored from a backup."""
    bundle_platform: Literal["lambda", "local"] = "lambda"
    """``local`` if functions run on this machine (the embedded AWS)."""

    stream_shards: Annotated[int, msgspec.Meta(ge=0, le=500)] = 0
    """Shards of the stream; 0 lets AWS scale it on demand."""
    stream_retention_hours: Annotated[int, msgspec.Meta(ge=24, le=168)] = 24
    """Retention of the stream. At most 7 days, because creators' watermarks, which recognise a
    redelivery, are stored for 9."""

    windowing_memory_mb: MemoryMb = 1_024
    """Memory of the windowing function."""
    windowing_timeout_s: TimeoutS = 120
    """Timeout of the windowing function."""
    windowing_reserved_concurrency: ReservedConcurrency = 0
    """Reserved concurrency of the windowing function; 0 reserves nothing: the shards limit it."""
    windowing_batch_size: Annotated[int, msgspec.Meta(ge=1, le=10_000)] = 100
    """Maximum number of packed records in a delivery; 100 records of 25 KB fit the 6 MB of a
    payload."""
    windowing_batching_window_s: Annotated[int, msgspec.Meta(ge=0, le=300)] = 1
    """How long a delivery waits for more records."""
    windowing_parallelization: Annotated[int, msgspec.Meta(ge=1, le=10)] = 1
    """Deliveries of one shard that are processed at once; each creator stays in order."""
    windowing_max_retries: Annotated[int, msgspec.Meta(ge=0, le=10_000)] = 10
    """Retries of a delivery that fails, before it goes to the failure bucket."""
    windowing_max_record_age_s: Annotated[int, msgspec.Meta(ge=60, le=604_800)] = 21_600
    """Age after which a delivery that still fails goes to the failure bucket."""
    failure_bucket: Literal["output", "temp"] = "output"
    """Bucket for deliveries that could not be processed, under ``aws/lambda/``."""

    sweeper_memory_mb: MemoryMb = 512
    """Memory of the sweeper."""
    sweeper_timeout_s: TimeoutS = 55
    """Timeout of the sweeper, which starts each minute; two sweeps at once do no harm."""

    collage_memory_mb: MemoryMb = 1_769
    """Memory of the collage function; 1,769 MB is one whole vCPU."""
    collage_timeout_s: TimeoutS = 120
    """Timeout of the collage function; its queue's visibility timeout is six times as long."""
    collage_reserved_concurrency: ReservedConcurrency = 0
    """Reserved concurrency of the collage function; 0 reserves nothing, otherwise at least
    ``collageMaxConcurrency``."""
    collage_max_concurrency: MaxConcurrency = 10
    """Maximum number of collages that are built at once."""
    collage_max_receives: MaxReceives = 3
    """Receipts after which a window's message becomes a dead letter."""

    alarm_error_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 5
    """Alarms ``collage-errors``: above this share of windows or messages that fail, and
    ``windowing-errors``, ``sweeper-errors``, ``prefetch-errors``, ``intake-errors``: above this
    share of invocations that fail."""
    alarm_duration_s: TimeoutS = 600
    """Alarm ``collage-duration``: above this duration of a collage, or nine tenths of the
    function's timeout if that is shorter."""
    alarm_memory_percent: Annotated[int, msgspec.Meta(ge=1, le=100)] = 80
    """Memory alarms: above this share of a function's memory. The default leaves time to act; 90
    is near the limit, at which Lambda ends a function."""
    alarm_dead_letters: Annotated[int, msgspec.Meta(ge=0, le=1_000_000)] = 10
    """Dead-letter alarms: above this number of messages in one queue."""
    alarm_iterator_age_minutes: Minutes = 10
    """Alarm ``iterator-age``: if the stream is read this late."""
    alarm_window_age_minutes: Minutes = 60
    """Alarm ``windows-stuck``: if a closed window waits this long for its collage."""
    alarm_idle_minutes: Annotated[int, msgspec.Meta(ge=5, le=1_440)] = 15
    """Alarm ``nothing-flows``: if nothing moves for this long while a batch is open."""
    alarm_failed_images_percent: Annotated[int, msgspec.Meta(ge=0, le=100)] = 20
    """Alarm ``image-failures``: above this share of images that fail."""
    alarm_cost_usd_per_day: Annotated[int, msgspec.Meta(ge=1, le=1_000_000)] = 25
    """Alarm ``cost``: above this estimate for a day."""

    prefetch_covers: bool = True
    """Prefetch covers whose URL expires while their window is open; otherwise such a window
    closes early."""
    prefetch_expire_days: Annotated[int, msgspec.Meta(ge=3, le=3_650)] = 60
    """How long a prefetched cover is stored; a window that is open for longer closes earlier."""
    prefetch_memory_mb: MemoryMb = 1_024
    """Memory of the prefetch function."""
    prefetch_timeout_s: WorkerTimeoutS = 120
    """Timeout of the prefetch function."""

    collage_url_life_s: Annotated[int, msgspec.Meta(ge=0, le=43_200)] = 3_600
    """Maximum life of the link in a CollageCreated event, which is signed with the function's
    session and ends with it; 0 leaves the link out."""

    default_grid: str = "5x7"
    """Rows x columns of cells, for batches that do not set them."""
    default_cell_px: CellPx = 200
    """Width and height of a cell, for batches that do not set it."""
    default_quality: Quality = 95
    """JPEG quality, for batches that do not set it."""
    default_background: str = "#ffffff"
    """Colour of empty cells, for batches that do not set it: a name or #rrggbb."""
    default_images_per_window: Annotated[int, msgspec.Meta(ge=0, le=MAX_IMAGES_PER_WINDOW)] = 0
    """Maximum number of images in a collage, for batches that do not set it; 0 is as many as it
    has cells."""
    default_fit_rows: bool = True
    """Whether rows of cells without any image are left out, for batches that do not set it."""
    default_pack: bool = False
    """Whether images move up into the cells of failed ones, for batches that do not set it."""
    default_dedup: bool = True
    """Whether images that a creator already has are refused, for batches that do not set it."""
    default_flush: str = "idle:7d"
    """When a push closes windows that are not full, if it does not set it: ``never``,
    ``batch-end`` or ``idle:<duration>``. Dropped and requested files close them at their end."""
    allowed_input_buckets: tuple[BucketName, ...] = ()
    """Buckets besides the input bucket from which requests may name files; the intake function
    gets the right to read them."""

    intake_memory_mb: MemoryMb = 1_769
    """Memory of the intake function."""
    intake_timeout_s: WorkerTimeoutS = 300
    """Timeout of the intake function; a file that takes longer is continued by the next
    invocation."""
    intake_max_concurrency: MaxConcurrency = 5
    """Maximum number of files that are read at once."""
    intake_max_receives: MaxReceives = 3
    """Receipts after which the message of a file or a request becomes a dead letter."""

    kms_key: bool = False
    """Encrypt buckets, table, queues and stream with a KMS key of the stack, which is rotated
    yearly."""
    former_kms_keys: tuple[KeyArn, ...] = ()
    """ARNs of keys under which the stack stored data before, and which its functions may use."""
    vpc_id: VpcId = ""
    """VPC to run the functions in; empty runs them in AWS's own network."""
    vpc_subnets: tuple[SubnetId, ...] = ()
    """Private subnets of the VPC; each needs a route to a NAT gateway, through which covers are
    downloaded."""
    vpc_route_tables: tuple[RouteTableId, ...] = ()
    """Route tables of those subnets, which get endpoints for S3 and DynamoDB (free of charge);
    leave them out if the VPC has these endpoints."""
    vpc_interface_endpoints: bool = False
    """Create endpoints for EventBridge, Kinesis and SQS, billed by the hour in each subnet. They
    serve the whole VPC, which then resolves the names of these services to them."""
    access_logs: bool = False
    """Store S3's log of every request to the buckets."""
    data_events: bool = False
    """Store CloudTrail's record of every read and write of an object."""
    audit_expire_days: Days = 365
    """How long access logs and data events are stored, in a bucket of their own."""

    archive_retention_days: Annotated[int, msgspec.Meta(ge=0, le=3_650)] = 30
    """How long WindowReady events can be replayed; 0 means for ever."""
    log_retention_days: LogRetentionDays = 30
    """How long the functions' logs are stored; CloudWatch Logs takes these values only."""
    log_level: Literal["DEBUG", "INFO", "WARNING", "ERROR"] = "INFO"
    """Log level of the functions."""

    originals_expire_days: Annotated[int, msgspec.Meta(ge=0, le=3_650)] = 0
    """How long downloaded originals are stored; 0 means as long as events (a year at most)."""
    allowed_sources: tuple[HostPort, ...] = ()
    """``host:port`` pairs that may be downloaded from although their address is not public."""
    allowed_ports: tuple[Port, ...] = ()
    """Ports that may be downloaded from, except by `allowedSources`; empty allows any."""
    downloads_at_once: Requests = 64
    """Maximum number of requests that one collage or prefetch invocation runs at once, if its
    memory allows."""
    downloads_per_host: Requests = 40
    """Maximum number of requests that one invocation runs at once to one host."""
    download_timeout_s: Annotated[int, msgspec.Meta(ge=1, le=300)] = 15
    """Seconds that one attempt to download an image may take. A batch may ask for fewer, and for
    fewer tries and downloads at once, never for more."""
    download_tries: Annotated[int, msgspec.Meta(ge=1, le=10)] = 3
    """Maximum number of attempts to download an image from one URL."""
    download_user_agent: HeaderText = USER_AGENT
    """``User-Agent`` of downloads; by default that of a browser."""
    min_side_px: Annotated[int, msgspec.Meta(ge=1, le=1_000)] = 50
    """Smallest width and height that an image may have; a smaller one counts as failed."""
    refused_images: tuple[Sha256, ...] = ()
    """sha256 of placeholders that count as missing images; the log names images that repeat."""
    partial_responses: Literal["trusted", "raise"] = "trusted"
    """``raise`` if the event source mapping ignores batchItemFailures (the embedded AWS)."""
    dedup_horizon_days: Days = 90
    """How long a creator's images are remembered, so that a later row of one is a duplicate."""
    content_dedup: bool = False
    """Compare images by their bytes as well: those that an earlier window of the creator shows are
    not shown again within the horizon, whatever their URLs are. Costs a write unit per image, some
    0.70 USD per million images in us-east-1 with a month of storage."""
    creator_case: Literal["keep", "fold"] = "keep"
    """``fold`` if names that differ by case only are one creator (docs/guide/creators.md)."""
    keep_originals: bool = True
    """Store a window's downloaded originals for a replay."""
    by_creator_copy: bool = True
    """Store each collage a second time under collages/by-creator/."""
    key_template: str = DEFAULT_TEMPLATE
    """Form of the keys below ``collages/``, ``thumbnails/`` and ``metadata/``; its fields are
    described in docs/reference/keys.md. A change applies to windows that close after it."""

    @property
    def thresholds(self) -> Thresholds:
        """Return the thresholds of the alarms.

        The threshold of the duration stays below the function's timeout, else it could not be
        reached.
        """
        return Thresholds(
            error_percent=self.alarm_error_percent,
            duration_s=min(self.alarm_duration_s, 9 * self.collage_timeout_s // 10),
            memory_percent=self.alarm_memory_percent,
            dead_letters=self.alarm_dead_letters,
            iterator_age_minutes=self.alarm_iterator_age_minutes,
            window_age_minutes=self.alarm_window_age_minutes,
            idle_minutes=self.alarm_idle_minutes,
            failed_images_percent=self.alarm_failed_images_percent,
            cost_usd_per_day=self.alarm_cost_usd_per_day,
        )

    @property
    def batch_defaults(self) -> BatchOptions:
        """Return what batches get for options that they leave open; raises `UserError`."""
        values = {
            name.removeprefix(_DEFAULT): value
            for name, value in msgspec.structs.asdict(self).items()
            if name.startswith(_DEFAULT)
        }
        values["images_per_window"] = values["images_per_window"] or None
        return read_options(values, setting_name)

    @property
    def bucket_names(self) -> dict[str, str]:
        """Return the buckets that have a name of their own: by purpose."""
        names = {"input": self.input_bucket, "output": self.output_bucket, "temp": self.temp_bucket}
        return {purpose: name for purpose, name in names.items() if name}

    @property
    def download_ports(self) -> list[int]:
        """Return the ports that covers may be downloaded from; empty means any."""
        if not self.allowed_ports:
            return []
        of_sources = {int(source.rpartition(":")[2]) for source in self.allowed_sources}
        return sorted(of_sources.union(self.allowed_ports))

    def __post_init__(self) -> None:
        """Raise `SettingsError` for settings that contradict each other."""
        problems = setting_problems(self)
        if problems:
            raise SettingsError("; ".join(problems))
