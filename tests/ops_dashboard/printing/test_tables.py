from __future__ import annotations

import io
import json

import pytest

from ops_dashboard.printing.tables import cell, json_line, safe, table_of
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
