"""A creator's aggregate: what is known of the creator between two records. Pure.

`CreatorState` is a value; the fold returns a new one. Its codec turns the parts that only the fold
reads into one compressed attribute, because DynamoDB bills a write by the whole item.
"""

from __future__ import annotations

import zlib
from typing import Annotated

import msgspec

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.events import Because, PrefetchedCover, WindowImage
from stream_ingest.contracts.identity import image_identity
from stream_ingest.contracts.settings import BatchSettings

COMPRESSION = 6
"""Level of zlib for a state's body."""


class Tally(msgspec.Struct, frozen=True, array_like=True):
    """What one batch did to one creator: rows accepted, duplicate rows, windows closed."""

    accepted: int = 0
    duplicates: int = 0
    windows: int = 0

    def __add__(self, other: Tally) -> Tally:
        """Return the sum, counter by counter."""
        return Tally(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.windows + other.windows,
        )

    def __bool__(self) -> bool:
        """Tell whether anything was counted."""
        return any((self.accepted, self.duplicates, self.windows))


class OpenImage(msgspec.Struct, frozen=True, array_like=True, gc=False):
    """An image in an open window; states of before say its identity only where it is not `url`'s.

    `prefetched` tells where its prefetched bytes are; `lost` why they could not be had when they
    were fetched.
    """

    url: str
    created_at_ms: int
    fallbacks: tuple[str, ...] = ()
    identity: str | None = None
    prefetched: PrefetchedCover | None = None
    lost: str | None = None

    @property
    def known_as(self) -> str:
        """Its identity."""
        return self.identity or image_identity(self.url)


class OpenWindow(msgspec.Struct, frozen=True, array_like=True):
    """A window that is filling.

    `settings`, `batch_id` and `trigger` are those of the row that came last. `idle_s` is the
    shortest idle time that any of its rows asked for; `ending` are the batches that asked for the
    window to be closed when they end, because rows of theirs are in it; `expires_at` is when the
    first of its images cannot be had any more (epoch seconds): the earliest x-expires, or the end
    of a prefetched copy. `requested_at` is when its covers at risk were last requested, None when
    none are. `bound` is more than its images can ever take in the state (`room`), None where nobody
    added it up.
    """

    settings: BatchSettings
    batch_id: str
    trigger: str
    touched_at: int
    images: tuple[OpenImage, ...]
    idle_s: int | None = None
    ending: tuple[str, ...] = ()
    expires_at: int | None = None
    requested_at: int | None = None
    bound: int | None = None


class Watermark(msgspec.Struct, frozen=True, array_like=True):
    """Highest position of a batch that was applied to the creator, and when (epoch seconds)."""

    position: int
    applied_at: int


class RecordedPack(msgspec.Struct, frozen=True, array_like=True):
    """Which members of a pack a creator's windows were given, and when (epoch seconds).

    `until` is the pack's: another one may come to lie under its key.
    """

    members: tuple[int, ...]
    recorded_at: int
    until: int


class CreatorState(msgspec.Struct, frozen=True, kw_only=True):
    """All that is remembered of one creator; `version` counts its writes from 0 (none yet)."""

    creator: str
    version: int = 0
    next_window: Annotated[int, msgspec.Meta(ge=1)] = 1
    open: dict[str, OpenWindow] = {}
    """By `BatchSettings.window_key`."""
    seen: dict[str, bytes] = {}
    """Dedup memory: months (``2026-11``) to the fingerprints of `identity`, as they arrived."""
    watermarks: dict[str, Watermark] = {}
    """By batch id."""
    batch_id: str = ""
    """The batch that `tally` is of: the one that touched the creator last."""
    tally: Tally = Tally()
    recorded: dict[str, RecordedPack] = {}
    """By pack: what was prefetched lately. It tells a cover that a closed window still waits with
    from one that came too late for its window."""

    @property
    def open_images(self) -> int:
        """Images that wait in open windows."""
        return sum(len(window.images) for window in self.open.values())


class ClosedWindow(msgspec.Struct, frozen=True, kw_only=True):
    """A window that the fold has closed: number and all that its event says."""

    number: int
    settings: BatchSettings
    batch_id: str
    trigger: str
    because: Because
    images: tuple[WindowImage, ...]


class _Body(msgspec.Struct, array_like=True):
    """What goes compressed into the state item's `body` attribute, and its schema."""

    schema: int
    open: dict[str, OpenWindow]
    watermarks: dict[str, Watermark]
    recorded: dict[str, RecordedPack] = {}


_SCHEMA = 1


def encode_body(state: CreatorState) -> bytes:
    """Return open windows, marks and noted packs of a state, compressed."""
    body = _Body(_SCHEMA, state.open, state.watermarks, state.recorded)
    return zlib.compress(msgspec.msgpack.encode(body), COMPRESSION)


def decode_body(
    data: bytes,
) -> tuple[dict[str, OpenWindow], dict[str, Watermark], dict[str, RecordedPack]]:
    """Return what `encode_body` was given; `DecodeError` for bytes that it never wrote."""
    try:
        body = msgspec.msgpack.decode(zlib.decompress(data), type=_Body)
    except (zlib.error, msgspec.DecodeError, UnicodeError) as error:
        msg = f"state body: {error}"
        raise DecodeError(msg) from error
    if body.schema != _SCHEMA:
        msg = f"state body: schema {body.schema}, this code reads {_SCHEMA}"
        raise DecodeError(msg)
    return body.open, body.watermarks, body.recorded
