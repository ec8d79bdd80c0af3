"""The command line `ops-dashboard`: options and help; the work is in other modules. Edge."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from ops_dashboard.checkout import require_checkout
from ops_dashboard.doctor.command import DatabaseOptions, show_doctor
from ops_dashboard.inspect.command import Listings
from ops_dashboard.inspect.status import show_status
from ops_dashboard.inspect.window_pages import WindowFilter
from ops_dashboard.local.aws.command import local_app
from ops_dashboard.planner.command import DEFAULT_REGION, PlanOptions, show_plan
from ops_dashboard.planner.workload import Order, job_of
from ops_dashboard.recovery.command import Recovery
from ops_dashboard.trace.command import show_trace
from stream_ingest.cli import options
from stream_ingest.cli.terminal import run
from stream_ingest.contracts.errors import UserError
from stream_ingest.contracts.table import WindowStatus

app = typer.Typer(
    help="See and steer Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
dlq = typer.Typer(name="dlq", help="Dead letters: what could not be done.", no_args_is_help=True)
app.add_typer(local_app)
app.add_typer(dlq)

Limit = Annotated[int, typer.Option(min=1, max=10_000, help="At most so many.")]
After = Annotated[
    str | None, typer.Option(metavar="CURSOR", help="Go on where an earlier listing ended.")
]
Wait = Annotated[bool, typer.Option("--wait", help="Wait until the collages are built.")]


@app.command()
def status(
    *,
    batch: Annotated[
        str | None, typer.Option(help="Only this batch; else a line for each.")
    ] = None,
    last: Annotated[
        int, typer.Option(min=0, help="At most so many that have ended; open ones always.")
    ] = 20,
    watch: Annotated[
        bool, typer.Option("--watch", help="Follow until the batch has ended, or Ctrl-C.")
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Tell how far batches are: rows, refusals, windows, collages."""
    show_status(stack=stack, batch_id=batch, last=last, watch=watch, json=json)


@app.command()
def creators(
    name: Annotated[
        str | None, typer.Argument(help="A creator, or what creators' names begin with.")
    ] = None,
    *,
    limit: Limit = 50,
    after: After = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Show a creator's open windows and history, or list creators."""
    Listings(stack).creators(name, limit=limit, after=after, json=json)


@app.command()
def windows(  # noqa: PLR0913 - one parameter for each option
    *,
    status: Annotated[
        WindowStatus | None, typer.Option(help="Only windows in this status.")
    ] = None,
    batch: Annotated[str | None, typer.Option(help="Only this batch's.")] = None,
    creator: Annotated[str | None, typer.Option(help="Only this creator's.")] = None,
    limit: Limit = 50,
    after: After = None,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """List windows, newest day first; a creator's, newest first."""
    wanted = WindowFilter(status=status, batch_id=batch, creator=creator)
    Listings(stack).windows(wanted, limit=limit, after=after, json=json)


@app.command()
def trace(
    window: Annotated[str, typer.Argument(help="A window's id, such as charli:000012.")],
    *,
    query: Annotated[
        bool, typer.Option("--query", help="Print only the Logs Insights query; asks nobody.")
    ] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Tell what became of a window, step by step, and where its objects and log lines are."""
    show_trace(window, stack=stack, query_only=query, json=json)


@app.command()
def doctor(  # noqa: PLR0913 - one parameter for each option
    *,
    stack: options.Stack = "dev",
    mysql: options.Mysql = None,
    mysql_secret: options.MysqlSecret = None,
    table: options.Table = "videos_links",
    columns: options.ColumnNames = None,
    json: options.Json = False,
) -> None:
    """Check that all is there and can be used, and say what to do where it is not."""
    database = DatabaseOptions(mysql=mysql, mysql_secret=mysql_secret, table=table, columns=columns)
    if not show_doctor(stack, database, json=json):
        raise typer.Exit(1)


@app.command()
def plan(  # noqa: PLR0913 - one parameter for each option
    *,
    images: Annotated[int, typer.Option(help="Images to come.")],
    creators: Annotated[
        int | None, typer.Option(help="Of so many creators; one for each 100 images.")
    ] = None,
    order: Annotated[
        Order,
        typer.Option(
            metavar="ORDER",
            help="How a creator's rows come: sorted (together), mixed (as by date), drip (singly).",
        ),
    ] = Order.MIXED,
    deadline: Annotated[str, typer.Option(help="All is done within: 45m, 1h, 2d.")] = "1h",
    max_concurrency: Annotated[
        int, typer.Option(help="At most so many collages at once, 2 to 1,000.")
    ] = 900,
    no_copies: Annotated[
        bool, typer.Option("--no-copies", help="Without copies by creator (byCreatorCopy).")
    ] = False,
    no_originals: Annotated[
        bool, typer.Option("--no-originals", help="Keep no originals for replays (keepOriginals).")
    ] = False,
    region: Annotated[str, typer.Option(help="Whose prices; others than these with --prices.")] = (
        DEFAULT_REGION
    ),
    prices: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON of prices in place of the list's.")
    ] = None,
    measured: Annotated[
        Path | None, typer.Option(metavar="FILE", help="JSON of figures in place of measured ones.")
    ] = None,
    verbose: Annotated[
        bool, typer.Option("--verbose", help="Also the sizes that were compared, and the bill.")
    ] = False,
    json: options.Json = False,
) -> None:
    """Plan so many images: shards, memory, concurrency, time and cost. Asks nobody."""
    job = job_of(images, creators, order, copies=not no_copies, originals=not no_originals)
    wanted = PlanOptions(
        deadline=deadline,
        max_concurrency=max_concurrency,
        region=region,
        prices=prices,
        measured=measured,
    )
    show_plan(job, wanted, verbose=verbose, json=json)


@app.command()
def demo(
    *,
    keep: Annotated[
        bool, typer.Option("--keep", help="Leave everything running when the demo has ended.")
    ] = False,
    output: Annotated[Path, typer.Option(help="Folder for collages and summary.")] = Path(
        "demo-output"
    ),
) -> None:
    """Run the main job on sample covers with no AWS account, and check what comes out."""
    require_checkout("demo")
    from ops_dashboard.local.demo.command import run_demo  # noqa: PLC0415 - Pulumi takes a second

    run_demo(output, keep=keep)


@app.command()
def serve(
    *,
    host: Annotated[
        str, typer.Option(help="Address to listen on; beyond loopback a token is needed.")
    ] = "127.0.0.1",
    port: Annotated[int, typer.Option(help="Port; 0 for any free one.")] = 8717,
    token: Annotated[
        str | None,
        typer.Option(
            envvar="COVERSTREAM_CONSOLE_TOKEN",
            show_envvar=True,
            help="Access token (16 characters or more); beyond loopback one is made if none.",
        ),
    ] = None,
    allow_host: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME", help="Name by which browsers may call it, besides addresses."),
    ] = None,
    stack: options.Stack = "dev",
) -> None:
    """Serve the console: Coverstream's pages in a browser."""
    from ops_dashboard.console.command import ServeOptions  # noqa: PLC0415 - imports aiohttp and jinja2
    from ops_dashboard.console.command import serve as serve_console  # noqa: PLC0415

    serve_console(
        stack,
        ServeOptions(host=host, port=port, token=token, names=frozenset(allow_host or ())),
    )


@dlq.command("list")
def dlq_list(*, stack: options.Stack = "dev", json: options.Json = False) -> None:
    """List dead letters: why, when, which window, how often."""
    Recovery(stack).list_dead_letters(json=json)


@dlq.command("redrive")
def dlq_redrive(
    *,
    window: Annotated[str | None, typer.Option(help="Only this window's.")] = None,
    every: Annotated[bool, typer.Option("--all", help="All of them.")] = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Send dead letters on their way again."""
    if every == bool(window):
        msg = "say which: --window ID, or --all"
        raise UserError(msg)
    Recovery(stack).redrive(window, json=json)


@app.command()
def replay(  # noqa: PLR0913 - one parameter for each option
    *,
    start: Annotated[
        str | None, typer.Option("--from", help="Windows that closed from this moment on (UTC).")
    ] = None,
    end: Annotated[
        str | None, typer.Option("--to", help="Windows that closed before this moment; now.")
    ] = None,
    creator: options.Creator = None,
    window: Annotated[
        list[str] | None, typer.Option(help="Only this window; may be repeated.")
    ] = None,
    wait: Wait = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Build collages again, from the stored originals where their URLs are dead."""
    Recovery(stack).replay(
        start, end, creators=creator or [], windows=window or [], wait=wait, json=json
    )


@app.command()
def retry(  # noqa: PLR0913 - one parameter for each option
    *,
    failed: Annotated[
        bool, typer.Option("--failed", help="What failed for a reason that may have passed.")
    ] = False,
    batch: Annotated[str | None, typer.Option(help="Only this batch's windows.")] = None,
    creator: Annotated[str | None, typer.Option(help="Only this creator's windows.")] = None,
    wait: Wait = False,
    stack: options.Stack = "dev",
    json: options.Json = False,
) -> None:
    """Fetch failed images again and build their collages anew; the rest is from the originals."""
    if not failed:
        msg = "say what to retry: --failed"
        raise UserError(msg)
    Recovery(stack).retry(batch_id=batch, creator=creator, wait=wait, json=json)


def main() -> None:
    """Run `ops-dashboard`."""
    run(app, "ops-dashboard")
