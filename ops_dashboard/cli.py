"""The command line `ops-dashboard`: each command is registered here. Edge (command line).

The options and help of a command are in `commands/`, or in a `cli` module beside the command; they
are imported when it is called.
"""

from __future__ import annotations

import typer

from stream_ingest.cli.groups import Place, lazy
from stream_ingest.cli.terminal import run
from stream_ingest.cli.version import Version

_COMMANDS = "ops_dashboard.commands"
_EXAMPLES = """Examples:

  ops-dashboard status

  ops-dashboard status --help
"""
_RECOVERY = "ops_dashboard.recovery.cli"
_PHOTOS = "ops_dashboard.photos"

app = typer.Typer(
    help="Monitor and operate Coverstream.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    epilog=_EXAMPLES,
    cls=lazy(
        {
            "status": Place(
                f"{_COMMANDS}.status:status",
                "Show the progress of batches: rows, refusals, windows and collages; and open"
                " photos.",
            ),
            "batches": Place(
                f"{_COMMANDS}.batches:batches",
                "List batches with their outcomes and figures, newest first.",
            ),
            "creators": Place(
                f"{_COMMANDS}.listings:creators",
                "Show a creator's open windows and history, or list creators by prefix.",
            ),
            "windows": Place(f"{_COMMANDS}.listings:windows", "List windows, newest first."),
            "failures": Place(
                f"{_COMMANDS}.failures:failures",
                "List windows with failures and refused rows, with their reasons, newest first.",
            ),
            "download": Place(
                f"{_COMMANDS}.outputs:download",
                "Download the collages of a batch; repeated, it gets what is missing or was"
                " rebuilt.",
            ),
            "link": Place(
                f"{_COMMANDS}.outputs:link",
                "Print a link to a window's collage, which opens without an AWS account until it"
                " expires.",
            ),
            "trace": Place(
                f"{_COMMANDS}.trace:trace",
                "Show the timeline of a window or a photo, its objects and the query for its log"
                " lines.",
            ),
            "doctor": Place(
                f"{_COMMANDS}.doctor:doctor",
                "Check account, clock, every part of the stack, and database; show how to fix what"
                " is wrong.",
            ),
            "plan": Place(
                f"{_COMMANDS}.plan:plan",
                "Plan shards, memory, concurrency, time and cost of a job, without calling AWS.",
            ),
            "demo": Place(
                f"{_COMMANDS}.demo:demo",
                "Build collages of covers and renditions of photos without an AWS account, and"
                " check them.",
            ),
            "serve": Place(
                f"{_COMMANDS}.serve:serve", "Serve the console, the web interface of a stack."
            ),
            "erase": Place(
                f"{_COMMANDS}.erase:erase",
                "Erase everything that is stored about a creator, for good: a data-protection"
                " request.",
            ),
            "repair": Place(
                f"{_COMMANDS}.repair:repair",
                "List items of the table that cannot be read, or repair one.",
            ),
            "replay": Place(
                f"{_RECOVERY}:replay",
                "Rebuild collages, from the stored originals if the URLs have expired.",
            ),
            "retry": Place(
                f"{_RECOVERY}:retry",
                "Download failed images again and rebuild their collages; other images are not"
                " downloaded.",
            ),
            "restore": Place(
                f"{_COMMANDS}.restore:restore",
                "Take windows that were built since the backup into a table that was restored from"
                " it.",
            ),
            "smoke": Place(
                f"{_COMMANDS}.smoke:smoke",
                "Test a deployed stack: push five covers, check their collages, rebuild one, and"
                " clean up.",
            ),
        }
    ),
)
app.add_typer(
    typer.Typer(
        name="local",
        help="Run an embedded AWS on this machine.",
        no_args_is_help=True,
        epilog='Examples:\n\n  eval "$(ops-dashboard local up)"',
        cls=lazy(
            {
                "up": Place(
                    f"{_COMMANDS}.local:up",
                    "Start an embedded AWS, deploy a stack and print its variables for a shell.",
                ),
                "down": Place(
                    f"{_COMMANDS}.local:down",
                    "Stop the embedded AWS and delete its state, unless it was started with"
                    " --state.",
                ),
                "status": Place(
                    f"{_COMMANDS}.local:status",
                    "List the embedded AWSes running on this machine.",
                ),
            }
        ),
    )
)
app.add_typer(
    typer.Typer(
        name="dlq",
        help="Dead letters: messages and records that could not be processed.",
        no_args_is_help=True,
        epilog="Examples:\n\n  ops-dashboard dlq list",
        cls=lazy(
            {
                "list": Place(
                    f"{_RECOVERY}:list_dead_letters",
                    "List dead letters: id, kind, time, what it is about, attempts before it, and"
                    " reason.",
                ),
                "show": Place(
                    f"{_RECOVERY}:show",
                    "Show all that is known about dead letters, with their bodies.",
                ),
                "redrive": Place(
                    f"{_RECOVERY}:redrive",
                    "Send dead letters to be processed again; sending one twice has no effect.",
                ),
                "drop": Place(
                    f"{_RECOVERY}:drop",
                    "Give up dead letters: they are deleted, after a copy of each was stored.",
                ),
            }
        ),
    )
)
app.add_typer(
    typer.Typer(
        name="photos",
        help="Photos: upload, bring in existing ones, render again, list, manifests.",
        no_args_is_help=True,
        epilog="Examples:\n\n  ops-dashboard photos put IMG_1.jpg --gallery wedding",
        cls=lazy(
            {
                "put": Place(
                    f"{_PHOTOS}.cli:put",
                    "Upload photos; repeated after an interruption, it sends what is missing.",
                ),
                "backfill": Place(
                    f"{_PHOTOS}.cli:backfill",
                    "Render what is in a bucket and not rendered yet, and remove outputs of what"
                    " is gone.",
                ),
                "render": Place(
                    f"{_PHOTOS}.cli:render", "Render every photo of a recipe again, each once."
                ),
                "retry": Place(f"{_PHOTOS}.cli:retry", "Render photos again that have failed."),
                "list": Place(
                    f"{_PHOTOS}.cli:list_",
                    "List photos: status, reason if they failed, format and size.",
                ),
                "manifest": Place(
                    f"{_PHOTOS}.manifest_cli:manifest",
                    "Write a line of JSON for each output of all augmented images, with its label.",
                ),
                "link": Place(
                    f"{_PHOTOS}.links.cli:link_app",
                    "Upload links: people without AWS upload photos in their browser.",
                ),
            }
        ),
    )
)


@app.callback()
def _root(*, version: Version = False) -> None:
    """Monitor and operate Coverstream."""


def main() -> None:
    """Run `ops-dashboard`."""
    run(app, "ops-dashboard")
