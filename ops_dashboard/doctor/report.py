"""Findings as a page of text: what is wrong first, what passed in one paragraph. Pure.

Checks that were skipped for the same reason are one paragraph, too.
"""

from __future__ import annotations

from collections.abc import Sequence

from rich.table import Table
from rich.text import Text

from ops_dashboard.doctor.findings import Finding, State
from ops_dashboard.printing.tables import safe

_STYLES = {
    State.WRONG: "bold red",
    State.NOTE: "yellow",
    State.SKIPPED: "dim",
    State.OK: "green",
}
"""In the order of the page."""
_STATE_COLUMNS, _NAME_COLUMNS = 7, 12


def report_of(findings: Sequence[Finding], *, every: bool) -> Table:
    """Return the page; with `every`, each check that passed has its own line, too."""
    page = Table.grid(padding=(0, 2, 0, 0))
    page.add_column(min_width=_STATE_COLUMNS)
    page.add_column(min_width=_NAME_COLUMNS)
    page.add_column(overflow="fold")
    for state in _STYLES:
        of_state = [finding for finding in findings if finding.state is state]
        if state is State.OK and not every:
            _add_group(page, of_state)
        elif state is State.SKIPPED and not every:
            for why in dict.fromkeys(finding.found for finding in of_state):
                _add_group(page, [each for each in of_state if each.found == why], f": {why}")
        else:
            for finding in of_state:
                _add(page, finding)
    return page


def _add(page: Table, finding: Finding) -> None:
    state = Text(finding.state, _STYLES[finding.state])
    page.add_row(state, Text(finding.check, "bold"), Text(safe(finding.found)))
    if finding.do is not None:
        page.add_row("", "", Text(f"→ {safe(finding.do)}", "yellow"))


def _add_group(page: Table, group: Sequence[Finding], why: str = "") -> None:
    """Add the names of checks with one result; one check has a line of its own."""
    if not group:
        return
    if why and len(group) == 1:
        _add(page, group[0])
        return
    state = group[0].state
    names = ", ".join(finding.check for finding in group)
    count = f"{len(group)} check{'s' if len(group) > 1 else ''}"
    page.add_row(Text(state, _STYLES[state]), Text(count, "bold"), Text(safe(names + why)))
