"""The options of a batch as command line arguments, the same for each command. Pure."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Annotated

import typer

from stream_ingest.contracts.batch_options import GRID, BatchOptions, read_options
from stream_ingest.contracts.errors import UserError

BATCH = "batch"
"""Parameter with which a command receives the options."""
BATCH_END = "batch-end"
_SPELLINGS = {"flush": "--flush-policy", "dedup": "--no-dedup"}


def _option(*names: str, help: str, panel: str, metavar: str | None = None) -> object:  # noqa: A002 - as typer calls it
    return typer.Option(*names, help=help, rich_help_panel=panel, metavar=metavar)


def _number(*names: str, help: str, panel: str = "Collage") -> object:  # noqa: A002 - as typer calls it
    return Annotated[int | None, _option(*names, help=help, panel=panel)]


def _text(*names: str, help: str, metavar: str, panel: str = "Collage") -> object:  # noqa: A002 - as typer calls it
    return Annotated[str | None, _option(*names, help=help, panel=panel, metavar=metavar)]


def _switch(*names: str, help: str, panel: str = "Collage") -> object:  # noqa: A002 - as typer calls it
    return Annotated[bool | None, _option(*names, help=help, panel=panel)]


ARGUMENTS: dict[str, object] = {
    GRID: _text("--grid", metavar="ROWSxCOLS", help="Cells of a collage, such as 5x7."),
    "rows": _number("--rows", help="Rows of cells, as in --grid."),
    "cols": _number("--cols", help="Columns of cells, as in --grid."),
    "cell_px": _number("--cell-px", help="Width and height of a cell in pixels."),
    "quality": _number("--quality", help="JPEG quality, 1 to 100."),
    "background": _text(
        "--background", metavar="COLOUR", help="Colour of empty cells: a name or #rrggbb."
    ),
    "fit_rows": _switch(
        "--fit-rows/--no-fit-rows",
        help="Leave out rows without any image at the bottom, or keep every collage the same size.",
    ),
    "pack": _switch(
        "--pack/--no-pack",
        help="Move images up into the cells of failed ones, or leave those cells empty.",
    ),
    "images_per_window": _number(
        "--images-per-window",
        "--max-images-per-creator",
        help="Maximum number of images per collage; default: as many as it has cells. Also"
        " --max-images-per-creator.",
    ),
    "group_by_creator": _switch(
        "--group-by-creator/--mix-creators",
        help="Fill a collage with one creator's images, or with the batch's in their order.",
    ),
    "dedup": _switch(
        "--dedup/--no-dedup",
        help="Refuse images that the creator already has, or accept them again.",
        panel="Batch",
    ),
    "flush": _text(
        "--flush-policy",
        metavar="POLICY",
        help="When to close windows that are not full: never, batch-end or idle:<duration>"
        " (idle:12h).",
        panel="Batch",
    ),
    "flush_at_end": Annotated[
        bool, _option("--flush", help="Short for --flush-policy batch-end.", panel="Batch")
    ],
    "output_prefix": _text(
        "--output-prefix",
        metavar="FOLDER",
        help="Folder for the batch's outputs, under collages/ and so on.",
        panel="Batch",
    ),
    "debug": Annotated[
        bool,
        _option(
            "--debug",
            help="Store the HTTP responses of images that fail to download.",
            panel="Downloads",
        ),
    ],
    "download_timeout_s": _number(
        "--download-timeout-s",
        help="Seconds that one attempt to download an image may take; the stack's at most.",
        panel="Downloads",
    ),
    "download_tries": _number(
        "--download-tries",
        help="How often an image is tried; the stack's number at most.",
        panel="Downloads",
    ),
    "downloads_at_once": _number(
        "--downloads-at-once",
        help="How many images of a collage are downloaded at once; the stack's number at most.",
        panel="Downloads",
    ),
}
"""Types of the arguments by parameter. What is not given has the stack's default."""
_OFF = {"flush_at_end": False, "debug": False}
"""Switches that can only be switched on."""


def option_name(option: str) -> str:
    """Return the argument that sets an option: ``--cell-px`` for ``cell_px``."""
    return _SPELLINGS.get(option, f"--{option.replace('_', '-')}")


def takes_batch_options(command: Callable[..., object]) -> Callable[..., object]:
    """Give a command an argument for each option of a batch.

    The command receives them as its parameter `batch`, a `BatchOptions`. Values out of range raise
    `UserError` before the command is called.
    """
    own = inspect.signature(command, eval_str=True)

    @functools.wraps(command)
    def run(**values: object) -> object:
        chosen = {name: values.pop(name) for name in ARGUMENTS}
        return command(**values, batch=_read(chosen))

    parameters = [
        *(parameter for name, parameter in own.parameters.items() if name != BATCH),
        *(
            inspect.Parameter(
                name, inspect.Parameter.KEYWORD_ONLY, default=_OFF.get(name), annotation=kind
            )
            for name, kind in ARGUMENTS.items()
        ),
    ]
    run.__signature__ = own.replace(parameters=parameters)  # type: ignore[attr-defined]
    return run


def _read(chosen: dict[str, object]) -> BatchOptions:
    if chosen.pop("flush_at_end"):
        if chosen["flush"] not in {None, BATCH_END}:
            msg = f"--flush and --flush-policy {chosen['flush']} exclude each other"
            raise UserError(msg)
        chosen["flush"] = BATCH_END
    if not chosen["debug"]:
        chosen["debug"] = None
    return read_options(chosen, option_name)
