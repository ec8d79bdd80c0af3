"""Settings of a batch: collage layout, window size and flush policy. Pure.

The settings are part of every packed record, so that folding a row needs no look-up. Batches with
different settings never mix: a creator has one open window per `BatchSettings.window_key`.
"""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Annotated, Literal

import msgspec

from stream_ingest.contracts.errors import UserError

DAY_S = 86_400
PREFIX_PATTERN = r"^(?:[A-Za-z0-9][A-Za-z0-9_\-]*(?:/[A-Za-z0-9][A-Za-z0-9_\-]*)*)?\Z"
"""Folders that need no escaping, without dots, and without a slash at either end."""
MAX_PREFIX = 128
MAX_IDLE_S = 3_650 * DAY_S
MAX_IMAGES_PER_WINDOW = 400
"""A cover with four signed TikTok URLs takes some 200 bytes of its creator's item, compressed; if
URLs take far more, `windowing.rules.item_budget` closes windows before they are full."""
MAX_SECONDS = 86_400
MAX_COUNT = 1_000
GridSide = Annotated[int, msgspec.Meta(ge=1, le=40)]
CellPx = Annotated[int, msgspec.Meta(ge=16, le=1024)]
Quality = Annotated[int, msgspec.Meta(ge=1, le=100)]
ImagesPerWindow = Annotated[int, msgspec.Meta(ge=1, le=MAX_IMAGES_PER_WINDOW)]
Seconds = Annotated[int, msgspec.Meta(ge=1, le=MAX_SECONDS)]
Tries = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
Requests = Annotated[int, msgspec.Meta(ge=1, le=MAX_COUNT)]
_DURATION = re.compile(r"(?P<count>[1-9][0-9]{0,5})(?P<unit>[smhd])")
_UNIT_S = {"s": 1, "m": 60, "h": 3_600, "d": DAY_S}


class CollageLayout(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Layout of a collage: `rows` x `cols` square cells of `cell_px` pixels, without gaps."""

    rows: GridSide = 5
    cols: GridSide = 7
    cell_px: CellPx = 200
    quality: Quality = 95
    background: Annotated[str, msgspec.Meta(pattern=r"^#[0-9a-f]{6}$")] = "#ffffff"
    fit_rows: bool = False
    """Whether rows without any image are left out at the bottom: 20 images in 5x7 cells are three
    rows high. The width stays."""
    pack: bool = False
    """Whether images move up into the cells of failed ones, so that a collage has no holes."""

    @property
    def cells(self) -> int:
        """Number of cells: the maximum number of images in one collage."""
        return self.rows * self.cols

    @property
    def size_px(self) -> tuple[int, int]:
        """Width and height of the collage in pixels."""
        return self.cols * self.cell_px, self.rows * self.cell_px


class FlushPolicy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """When a window that is not full is closed.

    ``never``: only when it is full; ``idle``: `idle_s` seconds after its last image;
    ``batch-end``: when a batch that added an image to it has ended, or as ``idle`` if a row arrives
    after that (from a redriven record), so that no image waits for ever.
    """

    kind: Literal["never", "idle", "batch-end"] = "idle"
    idle_s: Annotated[int, msgspec.Meta(ge=1, le=MAX_IDLE_S)] = 7 * DAY_S


BATCH_END = FlushPolicy(kind="batch-end")


def parse_flush(text: str, name: str = "flush policy") -> FlushPolicy:
    """Parse ``never``, ``batch-end`` or ``idle:<duration>`` (``idle:12h``).

    Raises `UserError`, which calls the option `name`.
    """
    if text == "never":
        return FlushPolicy(kind="never")
    if text == "batch-end":
        return BATCH_END
    kind, _, duration = text.partition(":")
    try:
        idle_s = parse_duration(duration) if kind == "idle" else 0
    except UserError:
        idle_s = 0
    if not idle_s:
        msg = f"{name} {text!r}: expected never, batch-end or idle:<duration>, such as idle:12h"
        raise UserError(msg)
    if idle_s > MAX_IDLE_S:
        msg = f"{name} {text!r}: at most {MAX_IDLE_S // DAY_S}d"
        raise UserError(msg)
    return FlushPolicy(kind="idle", idle_s=idle_s)


def parse_duration(text: str) -> int:
    """Return the seconds of ``90s``, ``15m``, ``12h`` or ``7d``; raises `UserError`."""
    match = _DURATION.fullmatch(text)
    if match is None:
        msg = f"duration {text!r}: expected a number and a unit, such as 90s, 15m, 12h or 7d"
        raise UserError(msg)
    return int(match["count"]) * _UNIT_S[match["unit"]]


class DownloadLimits(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Limits of a batch's downloads; None is the stack's, and no limit can exceed the stack's."""

    timeout_s: Seconds | None = None
    """Seconds that one attempt to download an image may take."""
    tries: Tries | None = None
    """Maximum number of attempts to download an image from one URL."""
    at_once: Requests | None = None
    """Maximum number of requests that one collage runs at once."""


class BatchSettings(
    msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True
):
    """Everything that a batch can set.

    Default values are not encoded, so that older functions can read the records of a newer producer
    unless these use a new setting. Hence a default must not change: it is part of the codec's
    version.
    """

    layout: CollageLayout = CollageLayout()
    images_per_window: ImagesPerWindow = 35
    flush: FlushPolicy = FlushPolicy()
    debug: bool = False
    """Whether the HTTP responses of failed downloads are stored (``debug/`` in the temp bucket)."""
    prefix: Annotated[str, msgspec.Meta(max_length=MAX_PREFIX, pattern=PREFIX_PATTERN)] = ""
    """Folder under ``collages/``, ``thumbnails/`` and ``metadata/`` for the batch's outputs."""
    dedup: bool = True
    """Whether an image that the creator already has is refused. If not, only one that is already in
    the open window is refused. Accepted images are remembered in either case."""
    group_by_creator: bool = True
    """Whether a window has images of one creator only, or the batch's in the order they arrive."""
    downloads: DownloadLimits | None = None
    """How the batch's images are downloaded, if not as the stack does."""

    def __post_init__(self) -> None:
        """Raise `ValueError` if a window has more images than its collage has cells."""
        if self.images_per_window > self.layout.cells:
            msg = (
                f"images_per_window {self.images_per_window} does not fit"
                f" {self.layout.rows}x{self.layout.cols} cells"
            )
            raise ValueError(msg)

    @property
    def window_key(self) -> str:
        """A short readable key of the settings that two rows in one window must share."""
        return _window_key(self)


@lru_cache(maxsize=256)
def _window_key(settings: BatchSettings) -> str:
    """Return `BatchSettings.window_key`; cached, because the fold asks for it at each record."""
    layout = settings.layout
    key = (
        f"{layout.rows}x{layout.cols}-{layout.cell_px}px-q{layout.quality}"
        f"-{layout.background[1:]}-n{settings.images_per_window}"
    )
    return "".join(
        (
            key,
            "-fit" if layout.fit_rows else "",
            "-pack" if layout.pack else "",
            "" if settings.dedup else "-all",
            f"-{settings.prefix}" if settings.prefix else "",
        )
    )
