"""The events on the bus and the strict codec of their details. Pure.

Every detail carries `schema`; an unknown field, a missing one, a wrong type or a future schema is a
`DecodeError` that names the path of the field. What a consumer may dedup on is `window_id` (with
`replay`), never EventBridge's own event id, which a replay need not keep.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.event_model import Count, Event
from stream_ingest.contracts.photo_events import (
    RenditionsCreated,
    RenditionsFailed,
    RenditionsRemoved,
)
from stream_ingest.contracts.settings import (
    MAX_PREFIX,
    PREFIX_PATTERN,
    CollageLayout,
    DownloadLimits,
)

MAX_DETAIL_BYTES = 240_000
"""Largest detail put on the bus; a longer image list goes to S3 (`WindowReady.images_key`).

EventBridge takes 1 MB for a whole PutEvents request (256 KB until 2025); SQS takes 1 MiB a message.
"""

MAX_KEY_TEMPLATE = 256
_FOLDER = r"(?:[A-Za-z0-9_\-]|\{[a-z]+\})(?:[A-Za-z0-9_.\-]|\{[a-z]+\})*"
KEY_TEMPLATE_PATTERN = rf"^{_FOLDER}(?:/{_FOLDER})*\Z"
"""Folders and a file name of safe characters and fields (`collage_lambda.output.key_template`)."""

Because = Literal["full", "idle", "expiring", "batch-end"]
"""The reason why a window was closed."""


class Source(StrEnum):
    """`source` of an event: the part of the pipeline that emits it."""

    WINDOWING = "coverstream.windowing"
    COLLAGE = "coverstream.collage"
    SWEEPER = "coverstream.sweeper"
    PHOTOS = "coverstream.photos"


class PrefetchedCover(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Where the bytes of a prefetched cover are: a member of a pack in S3."""

    pack: str
    """Key of the pack in the temp bucket (``prefetched/…``)."""
    member: Annotated[int, msgspec.Meta(ge=0)]
    """Number of the member in the pack."""
    offset: Annotated[int, msgspec.Meta(ge=0)]
    length: Annotated[int, msgspec.Meta(ge=1)]
    sha256: str
    until: int
    """Epoch second from which the pack may be gone."""


class WindowImage(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """One image of a window: its identity, its URL and its fallback URLs."""

    identity: str
    url: str
    fallbacks: tuple[str, ...] = ()
    created_at: datetime
    prefetched: PrefetchedCover | None = None
    """Where its prefetched bytes are, if they had to be fetched while the window was open."""
    lost: str | None = None
    """Why its prefetch failed for good (a reason of `collage_lambda.reasons`)."""


class WindowReady(Event, frozen=True, kw_only=True):
    """A window was closed; contains everything that its collage needs, also for a replay.

    `images` are in cell order, row by row. If they exceed `MAX_DETAIL_BYTES`, `images` is empty and
    `images_key` names an object in the temp bucket that contains them (a JSON list).
    """

    window_id: str
    creator: str
    batch_id: str
    trigger: str
    closed_at: datetime
    closed_because: Because
    layout: CollageLayout
    image_count: Annotated[int, msgspec.Meta(ge=1)]
    images: tuple[WindowImage, ...]
    images_key: str | None = None
    debug: bool = False
    """Whether to store the HTTP responses of failed downloads."""
    prefix: Annotated[str, msgspec.Meta(max_length=MAX_PREFIX, pattern=PREFIX_PATTERN)] = ""
    """Folder of the batch's outputs."""
    downloads: DownloadLimits | msgspec.UnsetType = msgspec.UNSET
    """How the batch's images are downloaded, if not as the stack does; absent if so, which
    functions of an earlier version understand."""
    dedup: bool | msgspec.UnsetType = msgspec.UNSET
    """False if images are shown that the creator already has; absent if not."""
    key_template: (
        Annotated[str, msgspec.Meta(max_length=MAX_KEY_TEMPLATE, pattern=KEY_TEMPLATE_PATTERN)]
        | None
    ) = None
    """Form of the keys of its objects; None in events of earlier versions, whose keys are
    ``<date>/<trigger>/<creator>_collage_<window>``."""
    display_name: str | msgspec.UnsetType = msgspec.UNSET
    """How the creator's first row spelled its name; absent if that is `creator`."""


class CoversExpiring(Event, frozen=True, kw_only=True):
    """Covers in open windows are about to expire and are to be prefetched as one pack.

    The event does not list the covers; the creators' states do, so that covers that have been
    prefetched, or whose window has closed, in the meantime are not fetched.
    """

    pack: Annotated[str, msgspec.Meta(pattern=r"^prefetched/[0-9A-Za-z/_\-]+\.zip\Z")]
    """Key in the temp bucket; the same for every delivery of this event."""
    creators: tuple[str, ...]
    covers: Count
    """Number of covers about to expire when the prefetch was requested."""


class CollageCreated(Event, frozen=True, kw_only=True):
    """A window's collage is in S3; `failures` counts its empty cells by reason."""

    window_id: str
    creator: str
    batch_id: str
    trigger: str
    bucket: str
    key: str
    url: str | None = None
    """Presigned link to the collage, valid until `url_expires_at` at the latest."""
    url_expires_at: datetime | None = None
    thumbnail_key: str
    metadata_key: str
    width_px: Count
    height_px: Count
    bytes: Count
    sha256: str
    images_ok: Count
    images_failed: Count
    failures: dict[str, Count]
    replay: str | None = None
    display_name: str | msgspec.UnsetType = msgspec.UNSET
    """As in `WindowReady`."""


class CollageFailed(Event, frozen=True, kw_only=True):
    """A window ended without a collage because every image failed."""

    window_id: str
    creator: str
    batch_id: str
    trigger: str
    metadata_key: str | None
    images_failed: Count
    failures: dict[str, Count]
    reason: str
    replay: str | None = None
    display_name: str | msgspec.UnsetType = msgspec.UNSET
    """As in `WindowReady`."""


class BatchDrained(Event, frozen=True, kw_only=True):
    """Every row of a batch has been folded; its open windows can be flushed.

    It wakes the sweeper at once. A batch that a sweep of each minute has ended first may lack it.
    """

    batch_id: str
    trigger: str


class BatchCompleted(Event, frozen=True, kw_only=True):
    """Every window of a batch has ended; the counts are final."""

    batch_id: str
    trigger: str
    rows_read: Count
    rows_accepted: Count
    refused: dict[str, Count]
    windows: Count
    collages: Count
    images_ok: Count
    images_failed: Count
    summary_key: str | None = None
    """Key in the output bucket of these figures as JSON."""
    results_key: str | None = None
    """Key in the output bucket of a CSV with a line for each window."""
    rejected: str | msgspec.UnsetType = msgspec.UNSET
    """Why no row of the batch's file could be used. Absent for other batches."""
    abandoned_at: datetime | msgspec.UnsetType = msgspec.UNSET
    """When somebody abandoned the batch: some of its rows may not have been sent. Absent if nobody
    did."""
    marks_missing: Count | msgspec.UnsetType = msgspec.UNSET
    """Number of end marks that never arrived, so that the batch was ended without them; rows that
    never arrived are ``quarantined`` in `refused`. Absent if there is none."""


class FileRejected(Event, frozen=True, kw_only=True):
    """No row of a batch's file could be used, or it could not be read; its batch has ended."""

    batch_id: str
    trigger: str
    file: str
    """Where the file was: an ``s3://`` address, or a path on the machine that pushed it."""
    reason: str
    """Why, in words; begins with the line if one is at fault."""
    line: Count
    """The line at fault, from 1; 0 if it is the file as a whole."""
    rows_read: Count
    refused: dict[str, Count]


EMITTED: Mapping[Source, tuple[type[Event], ...]] = {
    Source.WINDOWING: (WindowReady, BatchDrained),
    Source.SWEEPER: (WindowReady, CoversExpiring, BatchCompleted, FileRejected, CollageFailed),
    Source.COLLAGE: (CollageCreated, CollageFailed),
    Source.PHOTOS: (RenditionsCreated, RenditionsFailed, RenditionsRemoved),
}
"""The events of each source: its function may put no others, and rules match no others."""

REDRIVE_SOURCE = "coverstream.redrive"
"""`source` of an event whose notification is sent again; only rules of notifications match it."""
ALARM_CHANGE = "CloudWatch Alarm State Change"
"""Detail type of the event that CloudWatch puts on the default bus about an alarm."""

E_ = TypeVar("E_", bound=Event)


def sources_of(event: type[Event]) -> tuple[Source, ...]:
    """Return the sources that emit an event."""
    return tuple(source for source, events in EMITTED.items() if event in events)


def encode_detail(event: Event) -> str:
    """Return the detail as JSON for PutEvents; its size is not checked (`MAX_DETAIL_BYTES`)."""
    return msgspec.json.encode(event).decode()


def decode_detail(raw: str | bytes, event: type[E_]) -> E_:
    """Return the event in a detail's JSON; raises `DecodeError` that names the invalid field."""
    try:
        return msgspec.json.decode(raw, type=event)
    except (msgspec.DecodeError, UnicodeError) as error:
        msg = f"{event.detail_type()}: {error}"
        raise DecodeError(msg) from error


def convert_detail(detail: object, event: type[E_]) -> E_:
    """Return the event in a parsed detail; raises `DecodeError` that names the invalid field."""
    try:
        return msgspec.convert(detail, type=event)
    except msgspec.ValidationError as error:
        msg = f"{event.detail_type()}: {error}"
        raise DecodeError(msg) from error
