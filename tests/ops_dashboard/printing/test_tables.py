from __future__ import annotations

import io
import json

import pytest
from rich.console import Console

from ops_dashboard.printing.tables import cell, coloured, json_line, safe, table_of
from ops_dashboard.printing.terminal import console

HOSTILE = "\x1b[2J\u202e[red]evil[/] \u2028\x9b31m\ud800</script>"


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("plain.name_1", "plain.name_1"),
        ("日本の猫 🌸", "日本の猫 🌸"),
        ("a\u202eb", "a\\u202eb"),
        ("a\x1b[31mb", "a\\u001b[31mb"),
        ("\x9b", "\\u009b"),
        ("\U000e0041", "\\U000e0041"),
        ("line\nbreak", "line\\u000abreak"),
        ("[bold]", "[bold]"),
    ],
)
def test_a_character_that_a_terminal_acts_upon_is_escaped(text: str, shown: str) -> None:
    assert safe(text) == shown


def printed(*values: object) -> str:
    out = io.StringIO()
    console(out).print(table_of(("name", "count"), [values]))
    return out.getvalue()


def test_a_hostile_name_is_printed_literally() -> None:
    """Neither rich's markup nor its emoji codes nor a terminal's commands."""
    out = printed(HOSTILE, ":smile:")
    assert "[red]evil[/]" in out
    assert ":smile:" in out
    assert not {"\x1b", "\u202e", "\u2028", "\x9b"} & set(out)


def test_nothing_is_cut_off_without_a_terminal() -> None:
    assert "x" * 500 in printed("x" * 500, None)


def test_numbers_have_commas_and_none_is_empty() -> None:
    assert [str(cell(value)) for value in (1234567, True, None, 1.5)] == [
        "1,234,567",
        "True",
        "",
        "1.5",
    ]


def test_json_is_ascii_and_decodes_to_the_same_value() -> None:
    value = {"creator": "\u202e日本\x9b\x7f", "count": 3}
    line = json_line(value)
    assert line.isascii()
    assert line.isprintable()
    assert json.loads(line) == value


NAMES = ("window", "creator", "status", "closed (UTC)", "failure")
LINE = (
    "a.rather.long.creators.name:000012",
    "a.rather.long.creators.name",
    coloured("partial", "yellow"),
    "2026-11-29 10:00:00",
    "2 timed_out, 1 http_403, 4 not_an_image",
)


def shown(width: int, **options: object) -> str:
    out = io.StringIO()
    screen = Console(file=out, width=width, **options)  # type: ignore[arg-type]
    table = table_of(NAMES, [LINE] * 2, spare=("creator", "closed (UTC)"))
    screen.print(table, crop=False)
    screen.print(table, crop=False)
    return out.getvalue()


@pytest.mark.parametrize("width", range(30, 200, 7))
def test_no_word_is_broken_at_any_width(width: int) -> None:
    out = shown(width)
    words = {LINE[0], "partial", "not_an_image", "timed_out,", *("window", "status", "failure")}
    assert words <= set(out.split())
    assert out.count(LINE[0]) == 4


@pytest.mark.parametrize(
    ("width", "left_out"),
    [(160, None), (110, "creator"), (80, "creator, closed (UTC)")],
)
def test_a_narrow_terminal_leaves_out_what_is_needed_least_and_says_so(
    width: int, left_out: str | None
) -> None:
    out = shown(width)
    assert max(map(len, out.splitlines())) <= width
    assert (out.count("left out") == 2) == (left_out is not None)
    if left_out is not None:
        assert f"left out for want of width: {left_out}" in out
    assert ("creator" in out.splitlines()[1]) == (left_out is None)


def test_a_colour_is_shown_on_a_terminal_and_not_with_no_color(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    assert "\x1b[33mpartial" in shown(160, force_terminal=True, color_system="standard")
    monkeypatch.setenv("NO_COLOR", "1")
    assert "[33m" not in shown(160, force_terminal=True, color_system="standard")
