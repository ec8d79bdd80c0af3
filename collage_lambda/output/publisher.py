"""Publish a build as objects and an event. Edge, by way of `OutputStore` and `Announcer`.

The objects come first, the collage last among them, then the event. The worker then writes the
window's status item.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from collage_lambda.outcomes import BuildResult, WindowEnd
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.keys import WindowKeys
from collage_lambda.output.links import Link, Links
from collage_lambda.output.metadata import describe
from collage_lambda.output.store import Etags, OutputFiles, OutputStore
from collage_lambda.reasons import FailureReason
from stream_ingest.contracts.events import CollageCreated, CollageFailed, WindowReady
from stream_ingest.contracts.table import WindowStatus, collage_status

NO_IMAGES = "every image failed"


class Publication(msgspec.Struct, frozen=True, kw_only=True):
    """A built window and all that its objects and its event say."""

    event: WindowReady
    keys: WindowKeys
    build: BuildResult
    replay: str | None
    existing: Etags
    """Objects at its keys when it was claimed."""
    took_s: float
    """Seconds of its invocation that it took before this."""
    publishing_s: float
    """Epoch second at which its publishing began."""
    at_once: int = 1
    """Number of windows that are published at once: each takes its part of that time."""
    source: str | None = None
    """Where the rows of its batch came from."""
    request_id: str | None = None
    """Id of the Lambda request that built it."""


class Publisher:
    """Publishes windows and returns how they ended."""

    def __init__(
        self, outputs: OutputStore, links: Links, announcer: Announcer, clock: Callable[[], float]
    ) -> None:
        """Publish to `outputs`, announce by `announcer`; `clock` gives epoch seconds."""
        self._outputs, self._links = outputs, links
        self._announcer, self._clock = announcer, clock

    def publish(self, publication: Publication) -> WindowEnd:
        """Upload and announce a collage; `PublishConflictError` if another worker was first."""
        build, keys = publication.build, publication.keys
        sha256 = hashlib.sha256(build.collage).hexdigest()
        files = OutputFiles(
            collage=build.collage,
            thumbnail=build.thumbnail,
            metadata=self._metadata(publication, sha256),
            share=build.share,
        )
        self._outputs.publish(keys, files, publication.existing)
        link = self._links.presign(keys.collage)
        self._announcer.announce(_created(publication, self._outputs.bucket, link, sha256))
        status = collage_status(build.images_ok, len(publication.event.images))
        return msgspec.structs.replace(
            self._end(publication, status),
            collage_key=keys.collage,
            thumbnail_key=keys.thumbnail,
            collage_sha256=sha256,
            collage_bytes=len(build.collage),
        )

    def publish_failure(self, publication: Publication) -> WindowEnd:
        """Upload the metadata of a window without any image, and announce its failure.

        Raises `PublishConflictError` as `publish` does.
        """
        metadata = self._metadata(publication, None)
        self._outputs.put_metadata(
            publication.keys, metadata, publication.existing, publication.build.share
        )
        end = msgspec.structs.replace(self._end(publication, WindowStatus.FAILED), error=NO_IMAGES)
        self._announcer.announce(
            failed(publication.event, end, replay=publication.replay, reason=NO_IMAGES)
        )
        return end

    def announce_failure(self, event: WindowReady, replay: str | None, reason: str) -> WindowEnd:
        """Announce a window that could not be built at all, and return its end."""
        now_s = self._clock()
        end = WindowEnd(
            status=WindowStatus.FAILED,
            images_ok=0,
            images_failed=event.image_count,
            failures={str(FailureReason.NOT_LISTED): event.image_count},
            completed_at=_iso(now_s),
            duration_ms=0,
            error=reason,
        )
        self._announcer.announce(failed(event, end, replay=replay, reason=reason))
        return end

    def _metadata(self, publication: Publication, collage_sha256: str | None) -> bytes:
        document = describe(
            publication.event,
            publication.build.assembly,
            keys=publication.keys,
            collage_sha256=collage_sha256,
            built_at=datetime.fromtimestamp(self._clock(), UTC),
            replay=publication.replay,
            timings_ms=publication.build.timings_ms,
            scaler=publication.build.scaler,
            source=publication.source,
            request_id=publication.request_id,
        )
        return msgspec.json.format(msgspec.json.encode(document), indent=1)

    def _end(self, publication: Publication, status: WindowStatus) -> WindowEnd:
        now_s, assembly = self._clock(), publication.build.assembly
        return WindowEnd(
            status=status,
            images_ok=assembly.images_ok,
            images_failed=len(publication.event.images) - assembly.images_ok,
            failures=assembly.failures,
            completed_at=_iso(now_s),
            duration_ms=round(1000 * _took_s(publication, now_s)),
            bytes_downloaded=assembly.bytes_downloaded,
            metadata_key=publication.keys.metadata,
            originals_key=publication.build.originals_key,
        )


def _took_s(publication: Publication, now_s: float) -> float:
    return publication.took_s + (now_s - publication.publishing_s) / publication.at_once


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds")


def _created(
    publication: Publication, bucket: str, link: Link | None, sha256: str
) -> CollageCreated:
    event, keys, assembly = publication.event, publication.keys, publication.build.assembly
    width_px, height_px = assembly.arrangement.size_px
    return CollageCreated(
        window_id=event.window_id,
        creator=event.creator,
        batch_id=event.batch_id,
        trigger=event.trigger,
        bucket=bucket,
        key=keys.collage,
        url=link.url if link else None,
        url_expires_at=link.expires_at if link else None,
        thumbnail_key=keys.thumbnail,
        metadata_key=keys.metadata,
        width_px=width_px,
        height_px=height_px,
        bytes=len(publication.build.collage),
        sha256=sha256,
        images_ok=assembly.images_ok,
        images_failed=len(event.images) - assembly.images_ok,
        failures=assembly.failures,
        replay=publication.replay,
        display_name=event.display_name,
    )


def failed(event: WindowReady, end: WindowEnd, *, replay: str | None, reason: str) -> CollageFailed:
    """Return the event of a window that ended without a collage."""
    return CollageFailed(
        window_id=event.window_id,
        creator=event.creator,
        batch_id=event.batch_id,
        trigger=event.trigger,
        metadata_key=end.metadata_key,
        images_failed=end.images_failed,
        failures=end.failures,
        reason=reason,
        replay=replay,
        display_name=event.display_name,
    )
