from __future__ import annotations

import re

from ops_dashboard.doctor.stack import CHECKS
from tests.paths import ROOT
from tools.rights.operator import OPERATOR

PAGE = (ROOT / "docs" / "operations" / "doctor.md").read_text(encoding="utf-8")
BEFORE_AND_AFTER = {"credentials", "clock", "stack", "release", "parts", "database"}


def test_each_check_is_on_the_page_and_nothing_else_is() -> None:
    cells = re.findall(r"^\| (`[^|]+) \|", PAGE, re.MULTILINE)
    listed = {name for cell in cells for name in re.findall(r"`([^`]+)`", cell)}
    assert listed == set(CHECKS) | BEFORE_AND_AFTER


def test_each_right_of_the_page_is_one_of_an_operator() -> None:
    rights = {
        action.partition(":")[2]
        for grant in OPERATOR
        if "doctor" in grant.commands
        for action in grant.actions
    }
    rows = [line for line in PAGE.splitlines() if line.startswith("| `")]
    needed = {
        name for line in rows for name in re.findall(r"[A-Z][a-z]+[A-Z]\w+", line.split("|")[3])
    }
    assert needed
    assert needed - rights <= {"GetCallerIdentity", "DescribeKey"}  # everybody's; with kmsKey
