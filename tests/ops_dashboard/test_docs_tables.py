from __future__ import annotations

import re

import pytest

from ops_dashboard.docs_tables import README, filled, metrics_table
from ops_dashboard.metrics import CATALOGUE


def test_the_tables_in_the_readme_are_what_the_code_says() -> None:
    """`python -m ops_dashboard.docs_tables` writes them."""
    text = README.read_text(encoding="utf-8")
    assert text == filled(text)


def test_every_metric_has_its_line() -> None:
    names = re.findall(r"^\| `(\w+)`", metrics_table(), flags=re.MULTILINE)
    assert names == [metric.name for metric in CATALOGUE]
    assert len(set(names)) == len(names)


def test_a_readme_without_marks_is_told() -> None:
    with pytest.raises(ValueError, match="no marks"):
        filled("# Title\n")
