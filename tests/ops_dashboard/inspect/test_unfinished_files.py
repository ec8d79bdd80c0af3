"""A CSV that AWS does not let finish is an exit code of 1, and no file under its name."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import boto3
import msgspec
import pytest

from ops_dashboard.inspect.batches.batch_pages import BatchPages
from ops_dashboard.inspect.window_pages import WindowPages
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.stack_outputs import parameter_name
from tests.fakes.command_line import Commands
from tests.fakes.ingest.aws import TABLE
from tests.fakes.ingest.rows import header
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.fakes.ops.table import OpsTable


@pytest.fixture
def commands(
    ops_table: OpsTable, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> Commands:
    """Two batches of one window each."""
    for name in ("one", "two"):
        batch = header(name, images=1)
        ops_table.aws.registry.register(batch)
        ops_table.fold(name, [1], batch)
    outputs = stack_outputs(table_name=TABLE)
    boto3.client("ssm").put_parameter(
        Name=parameter_name("dev"), Value=msgspec.json.encode(outputs).decode(), Type="String"
    )
    return Commands(capsys, monkeypatch)


def breaking(every: Callable[..., Iterator[Any]]) -> Callable[..., Iterator[Any]]:
    """Return a method that reads the first thing, and then gets no answer."""

    def read(*arguments: Any) -> Iterator[Any]:  # noqa: ANN401 - of the method
        yield from islice(every(*arguments), 1)
        msg = "query: no answer"
        raise TransientError(msg)

    return read


@pytest.mark.parametrize("pages", [WindowPages, BatchPages])
def test_a_csv_that_cannot_be_finished_is_an_error_and_no_file(
    commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path, pages: type[Any]
) -> None:
    name = "windows" if pages is WindowPages else "batches"
    assert commands.run("ops-dashboard", name, "--csv").out.count("\n") == 3
    monkeypatch.setattr(pages, "every", breaking(pages.every))
    printed = commands.run("ops-dashboard", name, "--csv")
    assert (printed.code, printed.out.count("\n")) == (1, 2)
    written = commands.run("ops-dashboard", name, "--out", str(tmp_path / "all.csv"))
    assert (written.code, list(tmp_path.iterdir())) == (1, [])
    for done in (printed, written):
        assert "query: no answer" in done.err
        assert "written" not in done.err
