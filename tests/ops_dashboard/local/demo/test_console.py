from __future__ import annotations

from pathlib import Path

import pytest

from ops_dashboard.local.demo.console import running_console
from stream_ingest.contracts.errors import UserError


def test_a_console_that_does_not_start_says_why(tmp_path: Path) -> None:
    with (
        pytest.raises(UserError, match="an access token has at least 16 characters"),
        running_console({"COVERSTREAM_CONSOLE_TOKEN": "short"}, tmp_path),
    ):
        pytest.fail("there is nothing to serve")
