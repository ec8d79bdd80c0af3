from __future__ import annotations

from typing import get_args

import pytest
import typer
from typer.testing import CliRunner

from stream_ingest.cli.batch_arguments import ARGUMENTS, option_name, takes_batch_options
from stream_ingest.contracts.batch_options import GRID, NO_OPTIONS, OPTIONS, BatchOptions
from stream_ingest.contracts.errors import UserError

chosen: list[tuple[str, BatchOptions]] = []
app = typer.Typer()


@app.command()
@takes_batch_options
def command(name: str = "-", *, batch: BatchOptions) -> None:
    """Do nothing."""
    chosen.append((name, batch))


def run(*arguments: str) -> BatchOptions:
    chosen.clear()
    result = CliRunner().invoke(app, arguments)
    if isinstance(result.exception, UserError):
        raise result.exception
    assert result.exit_code == 0, result.output
    return chosen[0][1]


def test_every_option_is_an_argument() -> None:
    assert set(ARGUMENTS) == {*OPTIONS, GRID, "flush_at_end"}


@pytest.mark.parametrize("option", [*OPTIONS, GRID])
def test_an_option_is_named_in_errors_as_in_the_help(option: str) -> None:
    declared = " ".join(get_args(ARGUMENTS[option])[1].param_decls or ())
    declared += str(get_args(ARGUMENTS[option])[1].default)
    assert option_name(option) in declared


def test_without_arguments_every_option_is_open() -> None:
    assert run() == NO_OPTIONS


def test_arguments_of_the_command_itself_arrive_too() -> None:
    run("--name", "x", "--pack")
    assert chosen == [("x", BatchOptions(pack=True))]


@pytest.mark.parametrize(
    ("arguments", "options"),
    [
        (["--grid", "5x7"], BatchOptions(rows=5, cols=7)),
        (["--rows", "5", "--cols", "7"], BatchOptions(rows=5, cols=7)),
        (["--rows", "5"], BatchOptions(rows=5)),
        (["--background", "White"], BatchOptions(background="#ffffff")),
        (["--no-fit-rows", "--no-pack"], BatchOptions(fit_rows=False, pack=False)),
        (["--no-dedup"], BatchOptions(dedup=False)),
        (["--dedup"], BatchOptions(dedup=True)),
        (["--mix-creators"], BatchOptions(group_by_creator=False)),
        (["--max-images-per-creator", "9"], BatchOptions(images_per_window=9)),
        (["--flush"], BatchOptions(flush="batch-end")),
        (["--flush", "--flush-policy", "batch-end"], BatchOptions(flush="batch-end")),
        (["--flush-policy", "idle:12h"], BatchOptions(flush="idle:12h")),
        (["--output-prefix", "sqs-trigger/"], BatchOptions(output_prefix="sqs-trigger")),
        (["--debug"], BatchOptions(debug=True)),
        (["--download-timeout-s", "9"], BatchOptions(download_timeout_s=9)),
    ],
)
def test_arguments_become_options(arguments: list[str], options: BatchOptions) -> None:
    assert run(*arguments) == options


@pytest.mark.parametrize(
    ("arguments", "complaint"),
    [
        (["--rows", "41"], "--rows 41: expected a whole number from 1 to 40"),
        (["--grid", "5x7", "--cols", "8"], "--grid and --cols 8 contradict each other"),
        (["--flush", "--flush-policy", "never"], "--flush and --flush-policy never exclude"),
        (["--output-prefix", "a b"], "--output-prefix 'a b': expected folder names"),
    ],
)
def test_a_wrong_argument_is_an_error_before_the_command_runs(
    arguments: list[str], complaint: str
) -> None:
    with pytest.raises(UserError, match=complaint):
        run(*arguments)
    assert chosen == []
