"""Settings of photos: renditions and rotations of what is uploaded. Pure."""

from __future__ import annotations

from setting_groups.notifications import NotificationSettings
from setting_types import (
    BucketName,
    DomainName,
    MaxConcurrency,
    MaxReceives,
    MemoryMb,
    Origin,
    WorkerTimeoutS,
)


class PhotoSettings(NotificationSettings, frozen=True, kw_only=True, rename="camel"):
    """Photos."""

    photos: bool = False
    """Render photos (docs/guide/photos.md): creates two buckets, a table, queues and a function."""
    photos_domain: DomainName = ""
    """Domain of a CDN that serves the bucket of renditions, for the addresses in the table; empty
    for addresses in S3."""
    photos_cors_origins: tuple[Origin, ...] = ()
    """Origins of web pages that may upload photos by presigned requests, such as
    ``https://photos.example.com``."""
    photos_other_buckets: tuple[BucketName, ...] = ()
    """Buckets besides the bucket of uploads whose photos `ops-dashboard photos backfill --bucket`
    renders; the rendition function gets the right to read them."""
    photos_memory_mb: MemoryMb = 1_769
    """Memory of the rendition function; 1,769 MB is one whole vCPU."""
    photos_timeout_s: WorkerTimeoutS = 120
    """Timeout of the rendition function; its queues' visibility timeout is six times as long."""
    photos_max_concurrency: MaxConcurrency = 10
    """Maximum number of uploads that are rendered at once."""
    photos_backfill_concurrency: MaxConcurrency = 4
    """Maximum number of requests of a backfill that are rendered at once, beside those."""
    photos_max_receives: MaxReceives = 5
    """Receipts after which a photo's message becomes a dead letter."""
