"""What the demo command prints, and that differences make it fail; the demo itself is faked."""

from __future__ import annotations

import signal
from pathlib import Path

import pytest

from ops_dashboard.local.demo import command
from ops_dashboard.local.demo.command import run_demo
from ops_dashboard.local.demo.demo import DemoResult
from ops_dashboard.local.demo.inputs import DemoFailedError
from ops_dashboard.local.demo.summary import figures_of, photo_figures, summarise
from tests.ops_dashboard.local.demo.fixtures import plan, status_of


def made_up(monkeypatch: pytest.MonkeyPatch, *differences: str) -> None:
    """Make the demo report these differences without running."""
    figures = [figures_of(batch, status_of(batch)) for batch in plan()]
    summary = summarise(figures, photo_figures([]), 31.4)
    result = DemoResult(summary=summary, differences=[*differences], environment={}, port=1)

    class FakeDemo:
        def __init__(self, *_: object) -> None:
            pass

        def run(self) -> DemoResult:
            return result

    monkeypatch.setattr(command, "Demo", FakeDemo)
    monkeypatch.setattr(signal, "signal", lambda *_: None)


def test_a_demo_without_differences_prints_each_input_and_its_output_folder(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    made_up(monkeypatch)
    run_demo(tmp_path, keep=False)
    printed = capsys.readouterr()
    assert printed.out == ""
    for text in ("MySQL push", "CSV drop", "controlled batch", "3x4", f"{tmp_path}/collages/"):
        assert text in printed.err


def test_a_difference_in_any_batch_fails_the_demo(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    made_up(monkeypatch, "CSV drop: windows: expected 10, found 9")
    with pytest.raises(DemoFailedError, match=r"1 differences.*\n  CSV drop: windows"):
        run_demo(tmp_path, keep=False)
