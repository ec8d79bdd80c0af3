from __future__ import annotations

import pytest

from stream_ingest.contracts import levels
from stream_ingest.contracts.levels import LevelError, check_level, level_notice
from tests.fakes.ops.stack_outputs import stack_outputs
from tests.paths import ROOT

NEWER = stack_outputs(level=9, release="7.0.0")


def test_a_stack_of_the_same_level_is_nothing_to_speak_of() -> None:
    assert level_notice(stack_outputs(release="0.1.99")) is None, "patches differ without notice"


def test_a_newer_stack_that_still_serves_the_commands_is_noted() -> None:
    assert level_notice(NEWER) == (
        "stack 'dev' runs contract level 9 (release 7.0.0), these commands have level 1:"
        " update the commands"
    )


def test_an_older_stack_that_still_serves_is_noted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(levels, "LEVEL", 2)
    assert level_notice(stack_outputs()) == (
        "stack 'dev' runs contract level 1 (release 0.1.0), these commands have level 2:"
        " deploy (make up STACK=dev)"
    )


@pytest.mark.parametrize(
    ("level", "oldest_commands", "fits"),
    [(0, 0, False), (1, 1, True), (2, 1, True), (2, 2, False), (9, 9, False)],
)
def test_a_stack_fits_within_the_levels_of_both_sides(
    level: int, oldest_commands: int, *, fits: bool
) -> None:
    deployed = stack_outputs(level=level, oldest_commands=oldest_commands)
    if fits:
        check_level(deployed)
        return
    with pytest.raises(LevelError, match=r": (deploy \(make up STACK=dev\)|update it)$"):
        check_level(deployed)


def test_a_release_can_use_the_stacks_that_it_deploys() -> None:
    assert levels.OLDEST_STACK <= levels.LEVEL
    assert levels.OLDEST_COMMANDS <= levels.LEVEL


def test_the_guide_says_what_each_level_stands_for() -> None:
    guide = (ROOT / "docs" / "operations" / "upgrade.md").read_text(encoding="utf-8")
    listed = [line.split("|")[1].strip() for line in guide.splitlines() if line.startswith("| ")]
    assert [str(level) for level in range(levels.LEVEL + 1)] == [
        cell for cell in listed if cell.isdigit()
    ]
