"""Options of a batch: what the command lines, the console, requests and a stack may set. Pure.

An entrance reads what its caller set (`read_options`), lays that over the defaults of the stack
(`lay_over`), and makes the settings that travel with the batch's records (`settings_of`). Each step
names an option in the words of the caller, so that an error is about what the caller wrote.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Any

import msgspec

from stream_ingest.contracts.colours import parse_colour
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.object_keys import BY_CREATOR
from stream_ingest.contracts.settings import (
    MAX_IMAGES_PER_WINDOW,
    MAX_PREFIX,
    PREFIX_PATTERN,
    BatchSettings,
    CellPx,
    CollageLayout,
    DownloadLimits,
    GridSide,
    ImagesPerWindow,
    Quality,
    Requests,
    Seconds,
    Tries,
    parse_flush,
)

GRID = "grid"
"""``5x7`` is short for the options `rows` and `cols`."""
_GRID = re.compile(r"([0-9]{1,4})\s*[xX]\s*([0-9]{1,4})")
_PREFIX = re.compile(PREFIX_PATTERN)
_FOLDER_OF_ALL = re.compile(rf"{BY_CREATOR}|[0-9]{{4}}", re.IGNORECASE)
"""Folders under ``collages/`` in which every batch has objects: the copies, and each year."""
_SHOWN_CHARACTERS = 60

Names = Callable[[str], str]
"""Returns the caller's name of an option: ``--cell-px`` for ``cell_px``."""


class BatchOptions(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """What a caller sets of a batch, or a stack of all batches; None leaves an option open."""

    rows: GridSide | None = None
    """Rows of cells in a collage."""
    cols: GridSide | None = None
    """Columns of cells in a collage."""
    cell_px: CellPx | None = None
    """Width and height of a cell in pixels."""
    quality: Quality | None = None
    """JPEG quality."""
    background: str | None = None
    """Colour of empty cells: a name such as ``white``, or ``#rrggbb``."""
    images_per_window: ImagesPerWindow | None = None
    """Maximum number of images in a collage; as many as it has cells if nothing is set."""
    fit_rows: bool | None = None
    """Whether rows of cells without any image are left out at the bottom."""
    pack: bool | None = None
    """Whether images move up into the cells of failed ones, so that a collage has no holes."""
    dedup: bool | None = None
    """Whether an image that the creator already has is refused."""
    flush: str | None = None
    """When windows that are not full are closed: ``never``, ``batch-end`` or ``idle:<duration>``,
    such as ``idle:12h``."""
    output_prefix: str | None = None
    """Folder of the batch's outputs, under ``collages/``, ``thumbnails/`` and ``metadata/``."""
    group_by_creator: bool | None = None
    """Whether a collage has images of one creator only, or the batch's in their order."""
    debug: bool | None = None
    """Whether the HTTP responses of images that fail to download are stored."""
    download_timeout_s: Seconds | None = None
    """Seconds that one attempt to download an image may take; the stack's at most."""
    download_tries: Tries | None = None
    """How often an image is tried; the stack's number at most."""
    downloads_at_once: Requests | None = None
    """How many images of a collage are downloaded at once; the stack's number at most."""


OPTIONS = BatchOptions.__struct_fields__
NO_OPTIONS = BatchOptions()


def read_options(values: Mapping[str, object], name_of: Names = str) -> BatchOptions:
    """Return the options in `values`, where None is the same as absent.

    Numbers and truth values may be text (``"95"``, ``"true"``). `GRID` is accepted in place of rows
    and columns. Raises `UserError` that names the first option that is wrong; a key that is not an
    option is a `KeyError`.
    """
    given = {key: value for key, value in values.items() if value is not None}
    if GRID in given:
        rows, cols = parse_grid(given.pop(GRID), name_of(GRID))
        for side, cells in (("rows", rows), ("cols", cols)):
            if given.setdefault(side, cells) != cells:
                msg = f"{name_of(GRID)} and {name_of(side)} {given[side]} contradict each other"
                raise UserError(msg)
    return BatchOptions(**{key: _READERS[key](value, name_of(key)) for key, value in given.items()})


def lay_over(options: BatchOptions, defaults: BatchOptions) -> BatchOptions:
    """Return `options`, with those of `defaults` for what they leave open.

    A default number of images applies only to a grid with as many cells.
    """
    merged = msgspec.structs.asdict(defaults) | _given(options)
    rows, cols = merged["rows"] or CollageLayout().rows, merged["cols"] or CollageLayout().cols
    if options.images_per_window is None and (merged["images_per_window"] or 0) > rows * cols:
        merged["images_per_window"] = None
    return BatchOptions(**merged)


def file_defaults(defaults: BatchOptions) -> BatchOptions:
    """Return a stack's defaults for the batch of one file: its windows close when it ends."""
    return msgspec.structs.replace(defaults, flush="batch-end")


def settings_of(options: BatchOptions, name_of: Names = str) -> BatchSettings:
    """Return the settings of a batch; what is open gets the defaults of `BatchSettings`.

    Raises `UserError` if a collage cannot have as many images as are to go into it.
    """
    given = _given(options)
    layout = CollageLayout(**_only(CollageLayout, given))
    limits = {
        "timeout_s": options.download_timeout_s,
        "tries": options.download_tries,
        "at_once": options.downloads_at_once,
    }
    has_limits = any(limit is not None for limit in limits.values())
    changes: dict[str, Any] = {
        "layout": layout,
        "images_per_window": _images(options, layout, name_of),
        "prefix": options.output_prefix or "",
        "downloads": DownloadLimits(**limits) if has_limits else None,
    }
    if options.flush is not None:
        changes["flush"] = parse_flush(options.flush, name_of("flush"))
    return BatchSettings(**(_only(BatchSettings, given) | changes))


def parse_grid(value: object, name: str = GRID) -> tuple[int, int]:
    """Return rows and columns of ``5x7``; raises `UserError`."""
    match = _GRID.fullmatch(str(value).strip())
    sides = (int(match[1]), int(match[2])) if match else (0, 0)
    try:
        return msgspec.convert(sides, tuple[GridSide, GridSide])
    except msgspec.ValidationError as error:
        expected = "rows x columns, such as 5x7, each from 1 to 40"
        raise UserError(_complaint(name, value, expected)) from error


def _images(options: BatchOptions, layout: CollageLayout, name_of: Names) -> int:
    name = name_of("images_per_window")
    grid = f"{layout.rows}x{layout.cols} cells"
    if options.images_per_window is None:
        if layout.cells > MAX_IMAGES_PER_WINDOW:
            msg = f"{grid} hold more than {MAX_IMAGES_PER_WINDOW} images: limit them with {name}"
            raise UserError(msg)
        return layout.cells
    if options.images_per_window > layout.cells:
        msg = f"{name} {options.images_per_window} does not fit {grid}"
        raise UserError(msg)
    return options.images_per_window


def _given(options: BatchOptions) -> dict[str, Any]:
    """Return the options that are set."""
    values = msgspec.structs.asdict(options)
    return {name: value for name, value in values.items() if value is not None}


def _only(struct: type[msgspec.Struct], values: dict[str, Any]) -> dict[str, Any]:
    """Return the values that are fields of a struct."""
    return {name: values[name] for name in struct.__struct_fields__ if name in values}


def _complaint(name: str, value: object, expected: str) -> str:
    shown = repr(value) if isinstance(value, str) else msgspec.json.encode(value).decode()
    if len(shown) > _SHOWN_CHARACTERS:
        shown = f"{shown[:_SHOWN_CHARACTERS]}…"
    return f"{name} {shown}: expected {expected}"


def _number(kind: Any) -> Callable[[object, str], int]:  # noqa: ANN401 - an annotated int
    (bounds,) = kind.__metadata__

    def read(value: object, name: str) -> int:
        try:
            number: int = msgspec.convert(value, kind, strict=False)
        except msgspec.ValidationError as error:
            expected = f"a whole number from {bounds.ge:,} to {bounds.le:,}"
            raise UserError(_complaint(name, value, expected)) from error
        return number

    return read


def _truth(value: object, name: str) -> bool:
    try:
        return msgspec.convert(value, bool, strict=False)
    except msgspec.ValidationError as error:
        raise UserError(_complaint(name, value, "true or false")) from error


def _colour(value: object, name: str) -> str:
    colour = parse_colour(value) if isinstance(value, str) else None
    if colour is None:
        raise UserError(_complaint(name, value, "a colour name, such as white, or #rrggbb"))
    return colour


def _flush(value: object, name: str) -> str:
    text = value if isinstance(value, str) else repr(value)
    parse_flush(text, name)
    return text


def _prefix(value: object, name: str) -> str:
    """Return a folder without the slashes at its ends."""
    prefix = value.strip("/") if isinstance(value, str) else None
    if prefix is None or len(prefix) > MAX_PREFIX or not _PREFIX.match(prefix):
        expected = (
            "folder names of letters, digits, - and _, separated by /,"
            f" {MAX_PREFIX} characters at most"
        )
        raise UserError(_complaint(name, value, expected))
    if _FOLDER_OF_ALL.fullmatch(prefix.partition("/")[0]):
        expected = f"another folder: {BY_CREATOR} and years such as 2026 have every batch's objects"
        raise UserError(_complaint(name, value, expected))
    return prefix


_READERS: dict[str, Callable[[Any, str], Any]] = {
    "rows": _number(GridSide),
    "cols": _number(GridSide),
    "cell_px": _number(CellPx),
    "quality": _number(Quality),
    "background": _colour,
    "images_per_window": _number(ImagesPerWindow),
    "fit_rows": _truth,
    "pack": _truth,
    "dedup": _truth,
    "flush": _flush,
    "output_prefix": _prefix,
    "group_by_creator": _truth,
    "debug": _truth,
    "download_timeout_s": _number(Seconds),
    "download_tries": _number(Tries),
    "downloads_at_once": _number(Requests),
}
