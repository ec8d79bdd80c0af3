"""Options that several commands share, and the settings that they make. Edge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import msgspec
import typer

from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.settings import BATCH_END, BatchSettings, FlushPolicy

Mysql = Annotated[
    str | None,
    typer.Option(
        "--mysql",
        envvar="MYSQL_URL",
        show_envvar=True,
        help="mysql://user:password@host:port/tiktok_creator",
        rich_help_panel="Source",
    ),
]
MysqlSecret = Annotated[
    str | None,
    typer.Option(
        "--mysql-secret",
        envvar="MYSQL_SECRET_ID",
        show_envvar=True,
        help="Name or ARN of a Secrets Manager secret with the credentials, and with host, port"
        " and database unless --mysql has them.",
        rich_help_panel="Source",
    ),
]
Table = Annotated[str, typer.Option(help="Table to read.", rich_help_panel="Source")]
Csv = Annotated[
    Path | None,
    typer.Option(
        "--csv",
        help="Read this file (creator_name,cover_url,created_at) instead of MySQL.",
        rich_help_panel="Source",
    ),
]
Since = Annotated[
    str | None,
    typer.Option(
        help="Only rows created at or after this time: a date, a date and time (UTC), last_7_days,"
        " or last_push (after the last push that succeeded).",
        rich_help_panel="Rows",
    ),
]
Until = Annotated[
    str | None,
    typer.Option(help="Only rows created before this time.", rich_help_panel="Rows"),
]
Creator = Annotated[
    list[str] | None,
    typer.Option(
        "--creator", help="Only rows of this creator; may be repeated.", rich_help_panel="Rows"
    ),
]
ColumnNames = Annotated[
    str | None,
    typer.Option(
        "--columns",
        help="Column names other than the defaults: creator=NAME,cover=NAME,created_at=NAME",
        rich_help_panel="Source",
    ),
]
Stack = Annotated[str, typer.Option(envvar="COVERSTREAM_STACK", help="Deployed stack.")]
Json = Annotated[bool, typer.Option("--json", help="Print the result as JSON on stdout.")]
BatchId = Annotated[
    str | None, typer.Option(help="Name of the batch; generated if it is not given.")
]
Wait = Annotated[
    bool, typer.Option("--wait", help="Wait until every window of the batch has ended.")
]
Rows = Annotated[int, typer.Option(help="Rows of cells.", rich_help_panel="Collage")]
Cols = Annotated[int, typer.Option(help="Columns of cells.", rich_help_panel="Collage")]
CellPx = Annotated[
    int, typer.Option(help="Width and height of a cell in pixels.", rich_help_panel="Collage")
]
Quality = Annotated[int, typer.Option(help="JPEG quality, 1 to 100.", rich_help_panel="Collage")]
Background = Annotated[
    str, typer.Option(help="Colour of empty cells, as #rrggbb.", rich_help_panel="Collage")
]
ImagesPerCollage = Annotated[
    int | None,
    typer.Option(
        help="Maximum number of images per collage; default rows x cols.",
        rich_help_panel="Collage",
    ),
]


def batch_settings(  # noqa: PLR0913 - one parameter for each option
    *,
    flush: bool,
    flush_policy: FlushPolicy | None,
    rows: int,
    cols: int,
    cell_px: int,
    quality: int,
    background: str,
    images_per_window: int | None,
    debug: bool,
) -> BatchSettings:
    """Return a batch's settings; raises `UserError` that names an option out of range."""
    values = {
        "layout": {
            "rows": rows,
            "cols": cols,
            "cell_px": cell_px,
            "quality": quality,
            "background": background.lower(),
        },
        "images_per_window": rows * cols if images_per_window is None else images_per_window,
        "debug": debug,
    }
    try:
        settings = msgspec.convert(values, type=BatchSettings)
    except msgspec.ValidationError as error:
        msg = f"collage options: {error}"
        raise UserError(msg) from error
    policy = BATCH_END if flush else flush_policy or settings.flush
    return msgspec.structs.replace(settings, flush=policy)
