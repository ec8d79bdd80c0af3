"""Options and help of ``ops-dashboard photos``. Edge (command line)."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.photos.jobs.needs import Selection
from rendition_lambda.names import AUGMENTATION_GALLERY
from rendition_lambda.recipe import AUGMENTATION, RECIPES
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError
from stream_ingest.sources.timerange import between

Rate = Annotated[
    float,
    typer.Option(min=0.1, max=3_000, metavar="N", help="Maximum number of requests a second."),
]
Yes = Annotated[bool, typer.Option("--yes", help="Send without a confirmation.")]
DryRun = Annotated[
    bool, typer.Option("--dry-run", help="Only show what would be sent, and what it costs.")
]
Failed = Annotated[
    bool, typer.Option("--failed", help="Also photos that have failed for good before.")
]
Resume = Annotated[
    str | None,
    typer.Option(metavar="JOB", help="Continue this job, which was interrupted on any host."),
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the photos have ended.")]

PUT_EXAMPLES = """Examples:

  ops-dashboard photos put IMG_1.CR2 IMG_2.jpg --gallery wedding --wait

  ops-dashboard photos put ~/Pictures/wedding --gallery wedding

  ops-dashboard photos put cat.jpg --augment
"""
BACKFILL_EXAMPLES = """Examples:

  ops-dashboard photos backfill --dry-run

  ops-dashboard photos backfill --prefix wedding/ --rate 50 --yes

  ops-dashboard photos backfill --bucket wedding-archive

  ops-dashboard photos backfill --resume backfill-20261129-101112-000000
"""
RENDER_EXAMPLES = """Examples:

  ops-dashboard photos render --recipe renditions --gallery wedding

  ops-dashboard photos render --recipe augmentation --dry-run
"""
RETRY_EXAMPLES = """Examples:

  ops-dashboard photos retry wedding/IMG_1.CR2 --wait

  ops-dashboard photos retry --reason archived

  ops-dashboard photos retry --all --yes
"""
LIST_EXAMPLES = """Examples:

  ops-dashboard photos list --status failed

  ops-dashboard photos list --gallery wedding --limit 0 --csv

  ops-dashboard photos list --gallery wedding --from yesterday
"""


def put(  # noqa: PLR0913 - one parameter for each option
    paths: Annotated[
        list[Path],
        typer.Argument(metavar="PATH", help="Files, or folders with all that is in them."),
    ],
    *,
    gallery: Annotated[
        str | None, typer.Option(help="Gallery of the photos: the first folder of their keys.")
    ] = None,
    augment: Annotated[
        bool, typer.Option("--augment", help="Images to augment, which have no gallery.")
    ] = False,
    replace: Annotated[
        bool, typer.Option("--replace", help="Replace photos of the same name.")
    ] = False,
    wait: Wait = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Upload photos; repeated after an interruption, it sends what is missing."""
    if augment == (gallery is not None):
        msg = "give either --gallery NAME, or --augment"
        raise UserError(msg)
    from ops_dashboard.photos.put.command import Put

    return lambda: Put(stack).run(paths, gallery, replace=replace, wait=wait, json=json)


def backfill(  # noqa: PLR0913 - one parameter for each option
    *,
    prefix: Annotated[str, typer.Option(help="Only objects whose key begins so.")] = "",
    bucket: Annotated[
        str | None,
        typer.Option(help="Bucket of the originals, one of photosOtherBuckets; default: uploads."),
    ] = None,
    failed: Failed = False,
    dry_run: DryRun = False,
    rate: Rate = 200.0,
    yes: Yes = False,
    resume: Resume = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Render what is in a bucket and not rendered yet, and remove outputs of what is gone."""
    if resume and (prefix or bucket or failed):
        msg = "--resume continues a job with its own --prefix, --bucket and --failed"
        raise UserError(msg)
    selection = Selection(bucket=bucket or "", prefix=prefix, failed=failed)
    from ops_dashboard.photos.jobs.command import Options, run_job
    from ops_dashboard.photos.jobs.job import JobKind

    how = Options(rate=rate, dry_run=dry_run, yes=yes, json=json)
    return lambda: run_job(JobKind.BACKFILL, stack, how, resume or selection)


def render(  # noqa: PLR0913 - one parameter for each option
    *,
    recipe: Annotated[
        str | None, typer.Option(help=f"Recipe of the photos: {' or '.join(RECIPES)}.")
    ] = None,
    gallery: Annotated[str | None, typer.Option(help="Only photos of this gallery.")] = None,
    failed: Failed = False,
    dry_run: DryRun = False,
    rate: Rate = 200.0,
    yes: Yes = False,
    resume: Resume = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Render every photo of a recipe again, each once."""
    if resume and (recipe or gallery or failed):
        msg = "--resume continues a job with its own --recipe, --gallery and --failed"
        raise UserError(msg)
    if not resume and recipe not in RECIPES:
        msg = f"give --recipe {' or '.join(RECIPES)}" + (f", not {recipe!r}" if recipe else "")
        raise UserError(msg)
    prefix = _prefix_of(gallery, recipe)
    selection = Selection(bucket="", prefix=prefix, recipe=recipe or "", again=True, failed=failed)
    from ops_dashboard.photos.jobs.command import Options, run_job
    from ops_dashboard.photos.jobs.job import JobKind

    how = Options(rate=rate, dry_run=dry_run, yes=yes, json=json)
    return lambda: run_job(JobKind.RENDER, stack, how, resume or selection)


def retry(  # noqa: PLR0913 - one parameter for each option
    photo: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="KEY", help="Photos, as `photos list` shows them.", show_default=False
        ),
    ] = None,
    *,
    every: Annotated[bool, typer.Option("--all", help="All photos that have failed.")] = False,
    reason: Annotated[
        str | None, typer.Option(help="Only photos that failed for this reason.")
    ] = None,
    yes: Yes = False,
    wait: Wait = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """Render photos again that have failed."""
    if [bool(photo), every, reason is not None].count(True) != 1:
        msg = "give either keys of photos, --reason REASON or --all"
        raise UserError(msg)
    from ops_dashboard.photos.retry import Retry

    return lambda: Retry(stack).run(photo or [], reason, yes=yes, wait=wait, json=json)


def list_(  # noqa: PLR0913 - one parameter for each option
    *,
    gallery: Annotated[str | None, typer.Option(help="Only photos of this gallery.")] = None,
    status: Annotated[
        str | None,
        typer.Option(help="Only photos in this status, such as failed, processing or active."),
    ] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", help="Only photos uploaded at or after this time, such as today."),
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Only photos uploaded before this time.")
    ] = None,
    limit: Annotated[
        int, typer.Option(min=0, help="Maximum number of photos to list; 0 lists all.")
    ] = 100,
    as_csv: Annotated[bool, typer.Option("--csv", help="Print CSV on stdout.")] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> Work:
    """List photos: status, reason if they failed, format and size."""
    from ops_dashboard.photos.listing import PhotoFilter, list_photos

    since, until = between(start, end, datetime.now(UTC))
    wanted = PhotoFilter(gallery=gallery, status=status, since=since, until=until)
    return lambda: list_photos(stack, wanted, limit=limit, json=json, as_csv=as_csv)


def _prefix_of(gallery: str | None, recipe: str | None) -> str:
    if gallery is None:
        return ""
    if recipe == AUGMENTATION.name or gallery == AUGMENTATION_GALLERY:
        msg = f"images of the recipe {AUGMENTATION.name} have no gallery: leave --gallery out"
        raise UserError(msg)
    folder = gallery.rstrip("/")
    if not folder or "/" in folder:
        msg = f"--gallery {gallery!r} is no gallery: it is the first folder of a key"
        raise UserError(msg)
    return f"{folder}/"
