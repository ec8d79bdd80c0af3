"""The generated reference is complete."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from stream_ingest.records.rows import RefusalReason
from tests.paths import ROOT
from tools.cli_reference import APPLICATIONS, commands
from tools.contracts_reference import (
    batch_settings,
    environment_table,
    events_reference,
    failures_table,
    request_table,
    stack_settings,
)

GUIDE = ROOT / "docs" / "guide"


def rows(table: str) -> list[list[str]]:
    """Return the cells of a Markdown table's body."""
    lines = [line for line in table.splitlines() if line.startswith("|")][2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in lines]


def test_every_setting_of_a_stack_has_a_meaning() -> None:
    assert [row[0] for row in rows(stack_settings()) if not row[-1]] == []


@pytest.mark.parametrize("reference", [events_reference, batch_settings, request_table])
def test_every_field_of_a_contract_has_a_meaning(reference: Callable[[], str]) -> None:
    fields = [row for row in rows(reference()) if row[0].startswith("`")]
    assert [row[0] for row in fields if not row[-1]] == []


@pytest.mark.parametrize("reason", RefusalReason)
def test_every_reason_for_a_refusal_is_explained(reason: RefusalReason) -> None:
    assert f"| `{reason}` |" in (GUIDE / "push.md").read_text(encoding="utf-8")


def test_tables_have_a_row_for_each_thing() -> None:
    assert len(rows(environment_table())) > 15
    assert len(rows(failures_table())) > 15


@pytest.mark.parametrize("name", APPLICATIONS)
def test_every_command_has_a_section(name: str) -> None:
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    sections = re.findall(r"^### (.*)$", text, flags=re.MULTILINE)
    assert {full for full, _ in commands(name)} <= set(sections)
