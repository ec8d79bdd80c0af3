"""A creator's aggregate: all that is stored of the creator between two records. Pure.

`CreatorState` is a value; the fold returns a new one. Its codec turns the parts that only the fold
reads into one compressed attribute, because DynamoDB bills a write by the whole item.

The values are in no cycles, so the garbage collector does not track them (``gc=False``): with mixed
rows a delivery has thousands of states.
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
"""zlib level of a state's body."""


class Tally(msgspec.Struct, frozen=True, gc=False, array_like=True):
    """Counts of one batch for one creator: rows by what became of them, and closed windows."""

    accepted: int = 0
    duplicates: int = 0
    windows: int = 0
    blocked: int = 0
    """Rows refused because the creator was erased."""

    def __add__(self, other: Tally) -> Tally:
        """Return the sum, counter by counter."""
        return Tally(
            self.accepted + other.accepted,
            self.duplicates + other.duplicates,
            self.windows + other.windows,
            self.blocked + other.blocked,
        )

    def __bool__(self) -> bool:
        """Return whether any counter is not zero."""
        return any((self.accepted, self.duplicates, self.windows, self.blocked))


class OpenImage(msgspec.Struct, frozen=True, array_like=True, gc=False, forbid_unknown_fields=True):
    """An image in an open window.

    `identity` is None in older states if it follows from `url`. `prefetched` is the location of the
    prefetched bytes; `lost` is the reason why they could not be fetched.
    """

    url: str
    created_at_ms: int
    fallbacks: tuple[str, ...] = ()
    identity: str | None = None
    prefetched: PrefetchedCover | None = None
    lost: str | None = None

    @property
    def known_as(self) -> str:
        """The identity, derived from `url` if it is not stored."""
        return self.identity or image_identity(self.url)


class OpenWindow(
    msgspec.Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True
):
    """A window that is filling.

    `settings`, `batch_id` and `trigger` are those of the latest row. `idle_s` is the shortest idle
    time set by the batch of any row; `ending` are the batches with rows in the window that close it
    when they end; `expires_at` is when its first image becomes unavailable (epoch seconds): the
    earliest x-expires, or the end of a prefetched copy. `requested_at` is when its covers at risk
    were last requested, None if they were not. `bound` is an upper bound on the bytes of its images
    in the state (`item_budget`), None in older states.
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


class Watermark(msgspec.Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True):
    """Highest position of a batch that was applied to the creator, and when (epoch seconds)."""

    position: int
    applied_at: int


class RecordedPack(
    msgspec.Struct, frozen=True, gc=False, array_like=True, forbid_unknown_fields=True
):
    """Members of a pack that a creator's windows accepted, and when (epoch seconds).

    `until` identifies the pack together with its key: a later pack may reuse the key.
    """

    members: tuple[int, ...]
    recorded_at: int
    until: int


class CreatorState(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """All that is stored of one creator; `version` counts its writes from 0 (not written yet)."""

    creator: str
    display_name: str = ""
    """How the first row of the creator spelled it; empty if that is `creator`."""
    version: int = 0
    next_window: Annotated[int, msgspec.Meta(ge=1)] = 1
    open: dict[str, OpenWindow] = {}
    """By `BatchSettings.window_key`."""
    seen: dict[str, bytes] = {}
    """Dedup memory: months (``2026-11``) to the fingerprints of `identity`, as they arrived."""
    watermarks: dict[str, Watermark] = {}
    """By batch id."""
    batch_id: str = ""
    """The batch that `tally` counts: the latest one with rows of this creator."""
    tally: Tally = Tally()
    recorded: dict[str, RecordedPack] = {}
    """By pack: covers prefetched recently. Distinguishes a cover that a closed window still needs
    from a cover that arrived after its window had closed."""

    erased_at: int | None = None
    """When the creator was last erased (epoch seconds); None for nearly all creators."""
    is_blocked: bool = False
    """Whether every later row of the creator is refused."""
    expires_at: int | None = None
    """When an erased creator's state expires; None as soon as it has new rows."""
    others: dict[str, object] = {}
    """Attributes of the item that a newer release has added; they are kept."""
    deferred_at: int | None = None
    """Since when records of the creator wait because its state could not be read (epoch seconds).
    They are folded before any other; None for nearly all creators."""

    @property
    def open_images(self) -> int:
        """Number of images in open windows."""
        return sum(len(window.images) for window in self.open.values())


class ClosedWindow(msgspec.Struct, frozen=True, gc=False, kw_only=True):
    """A closed window: its number and the content of its event."""

    number: int
    settings: BatchSettings
    batch_id: str
    trigger: str
    because: Because
    images: tuple[WindowImage, ...]


# Elements that this release does not know are refused everywhere in the body, because writing it
# again would lose them.
class _Body(msgspec.Struct, array_like=True, forbid_unknown_fields=True):
    """Content of the state item's compressed `body` attribute, and its schema version."""

    schema: int
    open: dict[str, OpenWindow]
    watermarks: dict[str, Watermark]
    recorded: dict[str, RecordedPack] = {}


_SCHEMA = 1


def encode_body(state: CreatorState) -> bytes:
    """Return the open windows, watermarks and recorded packs of a state, compressed."""
    body = _Body(_SCHEMA, state.open, state.watermarks, state.recorded)
    return zlib.compress(msgspec.msgpack.encode(body), COMPRESSION)


def decode_body(
    data: bytes,
) -> tuple[dict[str, OpenWindow], dict[str, Watermark], dict[str, RecordedPack]]:
    """Return open windows, watermarks and recorded packs; `DecodeError` if invalid."""
    try:
        raw = zlib.decompress(data)
        schema, *_ = msgspec.msgpack.decode(raw, type=list[msgspec.Raw])
        if (number := msgspec.msgpack.decode(schema)) != _SCHEMA:
            msg = f"state body: schema {number}, this release reads {_SCHEMA}"
            raise DecodeError(msg)
        body = msgspec.msgpack.decode(raw, type=_Body)
    except (zlib.error, msgspec.DecodeError, UnicodeError, ValueError) as error:
        msg = f"state body: {error}"
        raise DecodeError(msg) from error
    return body.open, body.watermarks, body.recorded
