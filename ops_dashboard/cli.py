"""The command line `ops-dashboard`: its options and help. Edge (command line)."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.checkout import require_checkout
from ops_dashboard.doctor.command import DatabaseOptions, show_doctor
from ops_dashboard.erase.command import ERASE_EXAMPLES, erase
from ops_dashboard.inspect.command import Listings
from ops_dashboard.inspect.status import show_status
from ops_dashboard.inspect.window_pages import WindowFilter
from ops_dashboard.local.aws.command import local_app
from ops_dashboard.planner.command import DEFAULT_REGION, PlanOptions, show_plan
from ops_dashboard.planner.workload import Order, job_of
from ops_dashboard.recovery.cli import REPLAY_EXAMPLES, RETRY_EXAMPLES, dlq_app, replay, retry
from ops_dashboard.repair.command import REPAIR_EXAMPLES, repair
from ops_dashboard.restore.command import RESTORE_EXAMPLES, restore
from ops_dashboard.trace.command import show_trace
from stream_ingest.cli import options
from stream_ingest.cli.terminal import run
from stream_ingest.cli.version import Version
from stream_ingest.contracts.table import WindowStatus

app = typer.Typer(
    help="Monitor and operate Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(local_app)
app.add_typer(dlq_app)

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="Maximum number of rows to show.")]
After = Annotated[
    str | None, typer.Option(metavar="CURSOR", help="Continue an earlier listing at its cursor.")
]


STATUS_EXAMPLES = """Examples:

  ops-dashboard status

  ops-dashboard status --batch push-20261121-0900 --watch
"""
CREATORS_EXAMPLES = """Examples:

  ops-dashboard creators charli

  ops-dashboard creators char --limit 200
"""
WINDOWS_EXAMPLES = """Examples:

  ops-dashboard windows --status failed

  ops-dashboard windows --creator charli --limit 10 --json
"""
TRACE_EXAMPLES = """Examples:

  ops-dashboard trace charli:000012

  ops-dashboard trace charli:000012 --query
"""
DOCTOR_EXAMPLES = """Examples:

  ops-dashboard doctor --stack prod

  ops-dashboard doctor --mysql mysql://user:password@host:3306/tiktok_creator
"""
PLAN_EXAMPLES = """Examples:

  ops-dashboard plan --images 2000000 --deadline 1h

  ops-dashboard plan --images 50000 --creators 200 --order sorted --verbose
"""
DEMO_EXAMPLES = """Examples:

  ops-dashboard demo

  ops-dashboard demo --keep --output /tmp/collages
"""
SERVE_EXAMPLES = """Examples:

  ops-dashboard serve

  ops-dashboard serve --stack prod --host 0.0.0.0 --allow-host console.example.org
"""


@app.command(epilog=STATUS_EXAMPLES)
def status(
    *,
    batch: Annotated[str | None, typer.Option(help="Show only this batch, in detail.")] = None,
    last: Annotated[
        int,
        typer.Option(
            min=0, help="Maximum number of ended batches to show; open ones are always shown."
        ),
    ] = 20,
    watch: Annotated[
        bool,
        typer.Option("--watch", help="Show changes until the batch has ended, or until Ctrl-C."),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Show the progress of batches: rows, refusals, windows and collages."""
    show_status(stack=stack, batch_id=batch, last=last, watch=watch, json=json)


@app.command(epilog=CREATORS_EXAMPLES)
def creators(
    name: Annotated[
        str | None, typer.Argument(help="A creator's name, or a prefix of names.")
    ] = None,
    *,
    limit: Limit = 50,
    after: After = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Show a creator's open windows and history, or list creators by prefix."""
    Listings(stack).creators(name, limit=limit, after=after, json=json)


@app.command(epilog=WINDOWS_EXAMPLES)
def windows(  # noqa: PLR0913 - one parameter for each option
    *,
    status: Annotated[
        WindowStatus | None, typer.Option(help="Only windows with this status.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Only windows of this batch.")] = None,
    creator: Annotated[str | None, typer.Option(help="Only windows of this creator.")] = None,
    limit: Limit = 50,
    after: After = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """List windows, newest first."""
    wanted = WindowFilter(status=status, batch_id=batch, creator=creator)
    Listings(stack).windows(wanted, limit=limit, after=after, json=json)


@app.command(epilog=TRACE_EXAMPLES)
def trace(
    window: Annotated[str, typer.Argument(help="Id of a window, such as charli:000012.")],
    *,
    query: Annotated[
        bool,
        typer.Option("--query", help="Print only the Logs Insights query, without calling AWS."),
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Show the timeline of a window, its objects and the query for its log lines."""
    show_trace(window, stack=stack, query_only=query, json=json)


@app.command(epilog=DOCTOR_EXAMPLES)
def doctor(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: options.Stack = "dev",
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    mysql_ca: options.MysqlCa = None,
    table: options.Table = "videos_links",
    columns: options.ColumnNames = None,
    json: options.Json = False,
) -> None:
    """Check credentials, clock, stack and database, and show how to fix what is wrong."""
    database = DatabaseOptions(
        mysql=mysql, mysql_secret=mysql_secret, mysql_ca=mysql_ca, table=table, columns=columns
    )
    if not show_doctor(stack, database, json=json):
        raise typer.Exit(1)


@app.command(epilog=PLAN_EXAMPLES)
def plan(  # noqa: PLR0913 - one parameter for each option
    *,
    images: Annotated[int, typer.Option(help="Number of images.")],
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
    ] = (DEFAULT_REGION),
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
) -> None:
    """Plan shards, memory, concurrency, time and cost of a job, without calling AWS."""
    job = job_of(images, creators, order, copies=not no_copies, originals=not no_originals)
    wanted = PlanOptions(
        deadline=deadline,
        max_concurrency=max_concurrency,
        region=region,
        prices=prices,
        measured=measured,
    )
    show_plan(job, wanted, verbose=verbose, json=json)


@app.command(epilog=DEMO_EXAMPLES)
def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running after the demo.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Folder for the collages and the summary.")] = Path(
        "demo-output"
    ),
) -> None:
    """Build collages of sample covers without an AWS account, and check the result."""
    require_checkout("demo")
    from ops_dashboard.local.demo.command import run_demo  # noqa: PLC0415 - Pulumi takes a second

    run_demo(output, keep=keep)


@app.command(epilog=SERVE_EXAMPLES)
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; any but loopback requires a token.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port to listen on; 0 for any free one.")] = 8717,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="COVERSTREAM_CONSOLE_TOKEN",
            show_envvar=True,
            help="Access token, 16 or more characters; generated if required and missing.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(
            metavar="NAME", help="Host name to accept, besides addresses; may be repeated."
        ),
    ] = None,
    stack: options.Stack = "dev",
) -> None:
    """Serve the console, the web interface of a stack."""
    from ops_dashboard.console.command import ServeOptions  # noqa: PLC0415 - imports aiohttp and jinja2
    from ops_dashboard.console.command import serve as serve_console  # noqa: PLC0415

    serve_console(
        stack,
        ServeOptions(host=host, port=port, token=token, names=frozenset(allow_host or ())),
    )


app.command(epilog=ERASE_EXAMPLES)(erase)
app.command(epilog=REPAIR_EXAMPLES)(repair)
app.command(epilog=REPLAY_EXAMPLES)(replay)
app.command(epilog=RETRY_EXAMPLES)(retry)
app.command(epilog=RESTORE_EXAMPLES)(restore)


@app.callback()
def _root(*, version: Version = False) -> None:
    """Monitor and operate Coverstream."""


def main() -> None:
    """Run `ops-dashboard`."""
    run(app, "ops-dashboard")
