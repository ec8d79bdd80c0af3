"""A build becomes objects and an event. Edge, by way of `Outputs` and `Announcer`.

Objects first, the collage last among them, then the event; the window's status item follows.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from datetime import UTC, datetime

import msgspec

from collage_lambda.builder import Build
from collage_lambda.lease import WindowEnd
from collage_lambda.output.announcer import Announcer
from collage_lambda.output.keys import WindowKeys
from collage_lambda.output.links import Link, Links
from collage_lambda.output.metadata import describe
from collage_lambda.output.store import Outputs, Products, Seen
from collage_lambda.reasons import FailureReason
from stream_ingest.contracts.events import CollageCreated, CollageFailed, WindowReady
from stream_ingest.contracts.table import WindowStatus, collage_status

NO_IMAGES = "no image could be had"


class Finished(msgspec.Struct, frozen=True, kw_only=True):
    """A window that was built, on its way to being published."""

    event: WindowReady
    keys: WindowKeys
    build: Build
    replay: str | None
    seen: Seen
    """What was at its keys when it was claimed."""
    started_s: float
    """Epoch second at which its claim succeeded."""


class Publisher:
    """Publishes windows and says how they ended."""

    def __init__(
        self, outputs: Outputs, links: Links, announcer: Announcer, clock: Callable[[], float]
    ) -> None:
        """Publish to `outputs`, announce by `announcer`; `clock` gives epoch seconds."""
        self._outputs, self._links = outputs, links
        self._announcer, self._clock = announcer, clock

    def publish(self, finished: Finished) -> WindowEnd:
        """Upload and announce a collage; `PublishConflictError` where another worker was first."""
        build, keys = finished.build, finished.keys
        sha256 = hashlib.sha256(build.collage).hexdigest()
        products = Products(
            collage=build.collage,
            thumbnail=build.thumbnail,
            metadata=self._metadata(finished, sha256),
        )
        self._outputs.publish(keys, products, finished.seen)
        link = self._links.to(keys.collage)
        self._announcer.announce(_created(finished, self._outputs.bucket, link, sha256))
        status = collage_status(build.images_ok, len(finished.event.images))
        return msgspec.structs.replace(
            self._end(finished, status),
            collage_key=keys.collage,
            thumbnail_key=keys.thumbnail,
            collage_sha256=sha256,
        )

    def publish_failure(self, finished: Finished) -> WindowEnd:
        """Upload the metadata of a window without any image, and announce its failure.

        Raises `PublishConflictError` as `publish` does.
        """
        metadata = self._metadata(finished, None)
        self._outputs.put_metadata(finished.keys, metadata, finished.seen)
        end = msgspec.structs.replace(self._end(finished, WindowStatus.FAILED), error=NO_IMAGES)
        self._announcer.announce(
            failed(finished.event, end, replay=finished.replay, reason=NO_IMAGES)
        )
        return end

    def announce_failure(self, event: WindowReady, replay: str | None, reason: str) -> WindowEnd:
        """Announce a window that could not even be begun, and return its end."""
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

    def _metadata(self, finished: Finished, collage_sha256: str | None) -> bytes:
        document = describe(
            finished.event,
            finished.build.assembly,
            keys=finished.keys,
            collage_sha256=collage_sha256,
            built_at=datetime.fromtimestamp(self._clock(), UTC),
            replay=finished.replay,
            timings_ms=finished.build.timings_ms,
        )
        return msgspec.json.format(msgspec.json.encode(document), indent=1)

    def _end(self, finished: Finished, status: WindowStatus) -> WindowEnd:
        now_s, assembly = self._clock(), finished.build.assembly
        return WindowEnd(
            status=status,
            images_ok=assembly.images_ok,
            images_failed=len(finished.event.images) - assembly.images_ok,
            failures=assembly.failures,
            completed_at=_iso(now_s),
            duration_ms=round(1000 * (now_s - finished.started_s)),
            metadata_key=finished.keys.metadata,
            originals_key=finished.build.originals_key,
        )


def _iso(epoch_s: float) -> str:
    return datetime.fromtimestamp(epoch_s, UTC).isoformat(timespec="seconds")


def _created(finished: Finished, bucket: str, link: Link | None, sha256: str) -> CollageCreated:
    event, keys, assembly = finished.event, finished.keys, finished.build.assembly
    width_px, height_px = event.layout.size_px
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
        bytes=len(finished.build.collage),
        sha256=sha256,
        images_ok=assembly.images_ok,
        images_failed=len(event.images) - assembly.images_ok,
        failures=assembly.failures,
        replay=finished.replay,
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
    )
