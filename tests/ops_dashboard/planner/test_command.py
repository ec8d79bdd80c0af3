"""The command as a user runs it."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from ops_dashboard import cli

Run = Callable[..., tuple[int, str, str]]


@pytest.fixture
def run(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> Run:
    def call(*arguments: str) -> tuple[int, str, str]:
        monkeypatch.setattr("sys.argv", ["ops-dashboard", "plan", *arguments])
        monkeypatch.setenv("COLUMNS", "80")
        with pytest.raises(SystemExit) as ended:
            cli.main()
        message = capsys.readouterr()
        return int(ended.value.code or 0), message.out, message.err

    return call


def test_a_plan_fits_80_columns_and_shows_the_settings(run: Run) -> None:
    code, out, _ = run("--images", "2000000", "--deadline", "30m", "--verbose")
    assert code == 0
    assert max(map(len, out.splitlines())) <= 80
    for word in (
        "collageMemoryMb",
        "collageMaxConcurrency",
        "streamShards",
        "(bottleneck)",
        "1,769 MB",
    ):
        assert word in out
    assert "us-east-1" in out
    assert "2024-11-15" in out


def test_the_json_of_a_plan_has_all_its_inputs(run: Run) -> None:
    _, out, _ = run("--images", "100000", "--json", "--no-originals")
    found = json.loads(out)
    assert found["settings"]["keepOriginals"] is False
    assert found["usd"] == pytest.approx(sum(item["usd"] for item in found["items"]))
    assert found["usd"] == pytest.approx(sum(stage["usd"] for stage in found["stages"]))
    assert len(found["collage_sizes"]) == 11
    assert found["prices"]["list"]["s3_put"] == {"usd": 0.005, "per": 1_000, "what": "PUTs"}
    assert found["figures"]["measured"]["machine"]


def test_a_plan_for_files_recommends_how_many_are_read_at_once(run: Run) -> None:
    _, out, _ = run("--images", "2000000", "--files", "40", "--order", "sorted")
    assert "sorted, in 40 files: 60,000 windows" in " ".join(out.split())
    assert "│ intakeMaxConcurrency     │" in out
    assert "│ intake " in out
    assert "│ push " not in out
    _, out, _ = run("--images", "2000", "--files", "1", "--json")
    assert json.loads(out)["job"]["files"] == 1


def test_prices_and_figures_in_files_replace_the_defaults(run: Run, tmp_path: Path) -> None:
    prices, figures = tmp_path / "prices.json", tmp_path / "figures.json"
    prices.write_text('{"s3_put": 0.0054}')
    figures.write_text('{"push_rows_per_s": 20000}')
    options = ("--prices", str(prices), "--measured", str(figures), "--region", "eu-central-1")
    _, out, _ = run("--images", "1000", *options)
    assert "Replaced by you: push_rows_per_s, s3_put" in out
    assert "Prices: eu-central-1, but us-east-1's unless replaced by you" in " ".join(out.split())


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--images", "0"], "--images 0: nothing to plan"),
        (["--images", "5", "--creators", "6"], "--creators 6: expected 1 to 5"),
        (["--images", "5", "--files", "6"], "--files 6: expected 1 to 5"),
        (["--images", "5", "--deadline", "soon"], "duration 'soon'"),
        (["--images", "5", "--deadline", "10s"], "take at least"),
        (["--images", "5", "--max-concurrency", "1"], "--max-concurrency 1: expected 2 to 1,000"),
        (["--images", "5", "--region", "eu-central-1"], "prices are those of us-east-1"),
        (["--images", "5", "--prices", "nowhere.json"], "--prices nowhere.json: No such file"),
    ],
)
def test_a_mistake_is_one_line(run: Run, arguments: list[str], message: str) -> None:
    code, out, err = run(*arguments)
    assert (code, out) == (2, "")
    assert message in err
    assert err.count("\n") == 1
