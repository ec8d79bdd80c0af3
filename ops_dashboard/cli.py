"""The command line `ops-dashboard`: each command is registered here. Edge (command line).

The options and help of a command are in `commands/`, or beside the command itself.
"""

from __future__ import annotations

import typer

from ops_dashboard.commands import demo, doctor, listings, plan, serve, status, trace
from ops_dashboard.erase.command import ERASE_EXAMPLES, erase
from ops_dashboard.local.aws.command import local_app
from ops_dashboard.photos.cli import photos_app
from ops_dashboard.recovery.cli import REPLAY_EXAMPLES, RETRY_EXAMPLES, dlq_app, replay, retry
from ops_dashboard.repair.command import REPAIR_EXAMPLES, repair
from ops_dashboard.restore.command import RESTORE_EXAMPLES, restore
from ops_dashboard.smoke.command import SMOKE_EXAMPLES, smoke
from stream_ingest.cli.terminal import run
from stream_ingest.cli.version import Version

app = typer.Typer(
    help="Monitor and operate Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.add_typer(local_app)
app.add_typer(dlq_app)
app.add_typer(photos_app)
app.command(epilog=status.EXAMPLES)(status.status)
app.command(epilog=listings.CREATORS_EXAMPLES)(listings.creators)
app.command(epilog=listings.WINDOWS_EXAMPLES)(listings.windows)
app.command(epilog=trace.EXAMPLES)(trace.trace)
app.command(epilog=doctor.EXAMPLES)(doctor.doctor)
app.command(epilog=plan.EXAMPLES)(plan.plan)
app.command(epilog=demo.EXAMPLES)(demo.demo)
app.command(epilog=serve.EXAMPLES)(serve.serve)
app.command(epilog=ERASE_EXAMPLES)(erase)
app.command(epilog=REPAIR_EXAMPLES)(repair)
app.command(epilog=REPLAY_EXAMPLES)(replay)
app.command(epilog=RETRY_EXAMPLES)(retry)
app.command(epilog=RESTORE_EXAMPLES)(restore)
app.command(epilog=SMOKE_EXAMPLES)(smoke)


@app.callback()
def _root(*, version: Version = False) -> None:
    """Monitor and operate Coverstream."""


def main() -> None:
    """Run `ops-dashboard`."""
    run(app, "ops-dashboard")
