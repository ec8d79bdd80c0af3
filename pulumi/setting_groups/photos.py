"""Settings of photos: renditions and rotations of what is uploaded. Pure."""

from __future__ import annotations

from setting_groups.notifications import NotificationSettings
from setting_types import (
    BucketName,
    CertificateArn,
    DomainName,
    MaxConcurrency,
    MaxReceives,
    MemoryMb,
    Origin,
    PriceClass,
    PublicKeyPem,
    ReservedConcurrency,
    WorkerTimeoutS,
)


class PhotoSettings(NotificationSettings, frozen=True, kw_only=True, rename="camel"):
    """Photos."""

    photos: bool = False
    """Render photos (docs/guide/photos.md): creates two buckets, a table, queues and a function."""
    photos_cdn: bool = False
    """Serve renditions by a CloudFront distribution of the stack's own."""
    photos_domain: DomainName = ""
    """Domain of the addresses in the table: your own name for the distribution of `photosCdn`
    (needs `photosCertificateArn`), or a CDN of yours in front of the bucket of renditions. Empty
    for the name that CloudFront gives, or without a CDN for addresses in S3."""
    photos_certificate_arn: CertificateArn = ""
    """Certificate of `photosDomain` in AWS Certificate Manager, in the region us-east-1."""
    photos_price_class: PriceClass = "PriceClass_100"
    """Edge locations that serve renditions: ``PriceClass_100`` (North America, Europe, Israel),
    ``PriceClass_200`` or ``PriceClass_All``; viewers elsewhere are served from the nearest."""
    photos_public_keys: tuple[PublicKeyPem, ...] = ()
    """Public keys (PEM) of those who sign addresses; with any, the distribution serves signed
    addresses only."""
    photos_cors_origins: tuple[Origin, ...] = ()
    """Origins of web pages that may upload photos by presigned requests, such as
    ``https://photos.example.com``; ``:*`` stands for any port. The console's page needs its own."""
    photos_other_buckets: tuple[BucketName, ...] = ()
    """Buckets besides the bucket of uploads whose photos `ops-dashboard photos backfill --bucket`
    renders; the rendition function gets the right to read them."""
    photos_upload_links: bool = False
    """Links by which people without AWS upload photos (docs/guide/photos.md#upload-links): creates
    a function behind the distribution, and a key in KMS, which costs 1 USD a month."""
    photos_upload_links_concurrency: ReservedConcurrency = 5
    """Maximum number of requests of holders of upload links that are answered at once; 0 sets no
    maximum."""
    photos_upload_links_memory_mb: MemoryMb = 512
    """Memory of the function that answers them."""
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
