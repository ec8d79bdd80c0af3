"""Options and help of ``ops-dashboard plan``. Edge (command line)."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.monitoring.prices import REGION
from ops_dashboard.planner.photos import DEFAULT_MB
from ops_dashboard.planner.workload import Order, job_of
from stream_ingest.cli import options
from stream_ingest.cli.groups import Work
from stream_ingest.contracts.errors import UserError

PLAN_EXAMPLES = """Examples:

  ops-dashboard plan --images 2000000 --deadline 1h

  ops-dashboard plan --images 2000000 --files 40

  ops-dashboard plan --photos 1000

  ops-dashboard plan --photos 50000 --mb 25

  ops-dashboard plan --images 50000 --creators 200 --order sorted --verbose
"""


def plan(  # noqa: PLR0913 - one parameter for each option
    *,
    images: Annotated[int | None, typer.Option(help="Number of images.")] = None,
    photos: Annotated[
        int | None,
        typer.Option(metavar="N", help="Plan the cost of N photos instead: renditions, rotations."),
    ] = None,
    mb: Annotated[
        float, typer.Option(help="With --photos: size of a photo in MB; 8 is a JPEG of 24 MP.")
    ] = DEFAULT_MB,
    creators: Annotated[
        int | None, typer.Option(help="Number of creators; default: one for each 100 images.")
    ] = None,
    order: Annotated[
        Order,
        typer.Option(
            metavar="ORDER",
            help="Order of the rows: sorted (by creator), mixed (as by date), drip (singly).",
        ),
    ] = Order.MIXED,
    files: Annotated[
        int,
        typer.Option(
            metavar="N",
            help="Plan for rows that come in N dropped CSV files, each a batch; default: a push.",
        ),
    ] = 0,
    deadline: Annotated[
        str, typer.Option(help="Time for the whole job, such as 45m, 1h or 2d.")
    ] = "1h",
    max_concurrency: Annotated[
        int, typer.Option(help="Maximum number of concurrent collages, 2 to 1,000.")
    ] = 900,
    no_copies: Annotated[
        bool, typer.Option("--no-copies", help="Plan without copies by creator (byCreatorCopy).")
    ] = False,
    no_originals: Annotated[
        bool,
        typer.Option("--no-originals", help="Plan without originals for replays (keepOriginals)."),
    ] = False,
    region: Annotated[
        str, typer.Option(help="AWS region; another one than the default needs --prices.")
    ] = REGION,
    prices: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON file of prices that replace list prices."),
    ] = None,
    measured: Annotated[
        Path | None,
        typer.Option(metavar="FILE", help="JSON file of figures that replace measured ones."),
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also show the compared sizes and the bill.")
    ] = False,
    json: options.Json = False,
) -> Work:
    """Plan shards, memory, concurrency, time and cost of a job, without calling AWS."""
    if (images is None) == (photos is None):
        msg = "give either --images N or --photos N"
        raise UserError(msg)
    from ops_dashboard.planner.command import PlanOptions, show_plan
    from ops_dashboard.planner.photos_command import show_photo_plan

    wanted = PlanOptions(
        deadline=deadline,
        max_concurrency=max_concurrency,
        region=region,
        prices=prices,
        measured=measured,
    )
    if images is None:
        return partial(show_photo_plan, photos or 0, mb, wanted, json=json)
    job = job_of(
        images,
        creators,
        order,
        files=files,
        copies=not no_copies,
        originals=not no_originals,
    )
    return partial(show_plan, job, wanted, verbose=verbose, json=json)
