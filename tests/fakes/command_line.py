"""Our commands, run in the process of the test."""

from __future__ import annotations

import sys
from collections.abc import Callable, Mapping
from dataclasses import dataclass

import pytest

import ops_dashboard.cli
import stream_ingest.cli.main

_MAINS: Mapping[str, Callable[[], None]] = {
    "ops-dashboard": ops_dashboard.cli.main,
    "stream-ingest": stream_ingest.cli.main.main,
}


@dataclass(frozen=True)
class Outcome:
    """What a command printed and how it ended."""

    code: object
    out: str
    err: str


class Commands:
    """Runs the entry points of our commands in this process.

    Each call saves the second of processor time that a new process needs for its imports. Arguments
    are in `sys.argv` and errors become lines and exit codes, as in a process of their own.
    """

    def __init__(self, capsys: pytest.CaptureFixture[str], patch: pytest.MonkeyPatch) -> None:
        self._capsys, self._patch = capsys, patch

    def run(self, name: str, *arguments: str) -> Outcome:
        """Run ``stream-ingest`` or ``ops-dashboard`` to its end."""
        self._capsys.readouterr()
        self._patch.setattr(sys, "argv", [name, *arguments])
        with pytest.raises(SystemExit) as ended:
            _MAINS[name]()
        printed = self._capsys.readouterr()
        return Outcome(ended.value.code, printed.out, printed.err)
