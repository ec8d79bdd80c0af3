"""What a stack stores data in: buckets, stream and table. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

from components.compute.upload_links import UploadLinks
from components.data.audit import Audit, AuditArgs
from components.data.cdn import Cdn, CdnArgs
from components.data.photo_storage import PhotoStorage, PhotoStorageArgs
from components.data.state import State, StateArgs
from components.data.storage import Storage, StorageArgs
from components.data.stream import AWS_KEY, Stream, StreamArgs
from components.messaging.queue import DAY_S, RETENTION_S
from settings import Settings
from wiring.basis import Basis
from wiring.links import declare_links

import pulumi


@dataclass(frozen=True, kw_only=True)
class Data:
    """Where a stack stores data."""

    storage: Storage
    stream: Stream
    state: State
    photos: PhotoStorage | None
    """None without the setting `photos`."""
    cdn: Cdn | None
    """None without the setting `photosCdn`."""
    links: UploadLinks | None
    """None without the setting `photosUploadLinks`."""


def declare_data(basis: Basis) -> Data:
    """Declare buckets, stream and table, and the audit of the buckets if settings ask for it."""
    settings = basis.settings
    storage = _storage(basis)
    photos = _photos(basis) if settings.photos else None
    if settings.access_logs or settings.data_events:
        _audit(basis, storage, photos)
    stream = Stream(
        "rows",
        StreamArgs(
            stream_name=f"{basis.prefix}-rows",
            shards=settings.stream_shards,
            retention_hours=settings.stream_retention_hours,
            protect=settings.protect,
            key_arn=basis.key_arn or AWS_KEY,
        ),
    )
    table_name = settings.table_name or f"{basis.prefix}-state"
    state = State(
        "state",
        StateArgs(table_name=table_name, protect=settings.protect, key_arn=basis.key_arn),
    )
    links = declare_links(basis, photos) if photos and settings.photos_upload_links else None
    cdn = _cdn(basis, photos, links) if photos and settings.photos_cdn else None
    if photos:
        _allow_pages(settings, photos, cdn, links)
    return Data(storage=storage, stream=stream, state=state, photos=photos, cdn=cdn, links=links)


def _allow_pages(
    settings: Settings, photos: PhotoStorage, cdn: Cdn | None, links: UploadLinks | None
) -> None:
    """Allow the distribution to open the page of links, and that page and others to upload."""
    own: list[pulumi.Input[str]] = []
    if cdn and links:
        links.allow(cdn.arn)
        own.append(pulumi.Output.concat("https://", cdn.domain))
    photos.allow_browsers([*settings.photos_cors_origins, *own])


def _photos(basis: Basis) -> PhotoStorage:
    settings = basis.settings
    return PhotoStorage(
        "photo-storage",
        PhotoStorageArgs(
            prefix=basis.prefix,
            account=basis.account,
            region=basis.region,
            protect=settings.protect,
            key_arn=basis.key_arn,
            is_served=settings.photos_cdn,
        ),
    )


def _cdn(basis: Basis, photos: PhotoStorage, links: UploadLinks | None) -> Cdn:
    settings = basis.settings
    return Cdn(
        "photo-cdn",
        CdnArgs(
            prefix=basis.prefix,
            bucket=photos.renditions,
            price_class=settings.photos_price_class,
            protect=settings.protect,
            own_domain=settings.photos_domain,
            certificate_arn=settings.photos_certificate_arn,
            public_keys=settings.photos_public_keys,
            upload_host=links.domain if links else None,
        ),
    )


def _storage(basis: Basis) -> Storage:
    settings = basis.settings
    return Storage(
        "storage",
        StorageArgs(
            prefix=basis.prefix,
            account=basis.account,
            region=basis.region,
            archive_retention_days=settings.archive_retention_days,
            dead_letter_days=RETENTION_S // DAY_S,
            originals_expire_days=settings.originals_expire_days,
            prefetch_expire_days=settings.prefetch_expire_days,
            protect=settings.protect,
            names=settings.bucket_names,
            adopted=settings.adopted_buckets,
            key_arn=basis.key_arn,
        ),
    )


def _audit(basis: Basis, storage: Storage, photos: PhotoStorage | None) -> None:
    settings = basis.settings
    Audit(
        "audit",
        AuditArgs(
            prefix=basis.prefix,
            account=basis.account,
            region=basis.region,
            storage=storage,
            photos=photos,
            access_logs=settings.access_logs,
            trail=settings.data_events,
            partition=basis.partition,
            expire_days=settings.audit_expire_days,
            protect=settings.protect,
        ),
    )
