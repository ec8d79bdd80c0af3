"""Names and addresses of a deployed stack's resources, as Pulumi writes them for commands. Pure."""

from __future__ import annotations

import msgspec

from stream_ingest.contracts.batch_options import NO_OPTIONS, BatchOptions
from stream_ingest.contracts.creators import CreatorCase
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind

PROJECT = "coverstream"
"""Name of the Pulumi project, with which the names of resources begin."""


class PhotosOutputs(msgspec.Struct, frozen=True, kw_only=True):
    """Where a stack stores photos, and what renders them."""

    table: str
    uploads_bucket: str
    renditions_bucket: str
    queue_url: str
    backfill_queue_url: str
    dead_letters_url: str
    function: str
    domain: str = ""
    """Domain that serves the bucket of renditions; empty if none does."""
    other_buckets: tuple[str, ...] = ()
    """Buckets besides the bucket of uploads whose photos may be rendered."""
    distribution_id: str = ""
    """CloudFront distribution of the stack's own; empty without one."""
    distribution_domain: str = ""
    """The name that CloudFront gave it, to which the CNAME of an own domain points."""
    signed_addresses: bool = False
    """Whether the distribution serves signed addresses only."""
    backfill_concurrency: int = 4
    """Maximum number of requests to render that are worked on at once."""
    links_function: str = ""
    """Function of upload links; empty in a stack without them."""
    link_key: str = ""
    """ARN of the KMS key by which they are signed; empty in a stack without them."""


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
    """Dead-letter queues by what fills them (`DeadLetterKind`), except kinds that early commands do
    not know: they would send such messages to the collage queue."""
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
    batch_defaults: BatchOptions = NO_OPTIONS
    """What batches get for options that they leave open; empty in stacks of earlier versions."""
    allowed_input_buckets: tuple[str, ...] = ()
    """Buckets besides the input bucket that a request may name."""
    dedup_horizon_days: int = 90
    """For how long an accepted image is recognised."""
    level: int = 0
    """Contract level of the release that deployed it (`levels`)."""
    oldest_commands: int = 0
    """Lowest level of commands that can use it."""
    release: str = ""
    """Version of the release that deployed it; empty in stacks of earlier versions."""
    creator_case: CreatorCase | None = None
    """Whether creators that differ by case only are one; None in stacks of earlier versions, whose
    functions do not know display names."""
    photos: PhotosOutputs | None = None
    """None if the stack renders no photos."""
    notification_dead_letters_url: str = ""
    """That of notifications; empty without them."""
    collage_memory_mb: int = 1_769
    """Memory of the collage function; the default is that of stacks of earlier versions."""

    @property
    def dead_letter_queues(self) -> dict[str, str]:
        """Return the addresses of all dead-letter queues, by kind."""
        photos, notifications = self.photos, self.notification_dead_letters_url
        return {
            **self.dead_letter_urls,
            **({DeadLetterKind.PHOTOS: photos.dead_letters_url} if photos else {}),
            **({DeadLetterKind.NOTIFICATION: notifications} if notifications else {}),
        }

    @property
    def names_case(self) -> CreatorCase:
        """How this stack compares creators; as stacks of earlier versions do if it says nothing."""
        return self.creator_case or CreatorCase.KEEP


def parameter_name(stack: str) -> str:
    """Return the name of the SSM parameter with a stack's outputs."""
    return f"/{PROJECT}/{stack}"
