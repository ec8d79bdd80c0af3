"""A stack for the tests of commands about photos."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from moto import mock_aws

from tests.fakes.aws_variables import set_aws_variables
from tests.fakes.command_line import Commands
from tests.fakes.photos.moto_stack import Stack


@pytest.fixture
def stack(commands: Commands, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[Stack]:
    set_aws_variables(monkeypatch)
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    with mock_aws():
        yield Stack(commands, monkeypatch)
