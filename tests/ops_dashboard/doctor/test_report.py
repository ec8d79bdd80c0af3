from __future__ import annotations

import io

from rich.console import Console

from ops_dashboard.doctor.findings import Finding, State, note, skipped, wrong
from ops_dashboard.doctor.report import report_of

FIX = "deploy it again: make refresh STACK=dev, then make up STACK=dev"
FOUND = [
    Finding(check="credentials", state=State.OK, found="arn:me"),
    Finding(check="clock", state=State.OK, found="0 s behind AWS"),
    note("dead letters", "3 collage", "list them: ops-dashboard dlq list"),
    skipped("database", "no --mysql, MYSQL_URL or --mysql-secret"),
    wrong("mappings", "coverstream-dev-prefetch is not invoked for coverstream-dev-pre", FIX),
]


def page(findings: list[Finding], *, every: bool = False, columns: int = 80) -> list[str]:
    out = io.StringIO()
    console = Console(file=out, width=columns, highlight=False, markup=False)
    console.print(report_of(findings, every=every))
    return [line.rstrip() for line in out.getvalue().splitlines()]


def test_what_is_wrong_comes_first_and_what_passed_is_one_paragraph() -> None:
    assert page(FOUND) == [
        "wrong    mappings      coverstream-dev-prefetch is not invoked for",
        "                       coverstream-dev-pre",
        "                       → deploy it again: make refresh STACK=dev, then make up",
        "                       STACK=dev",
        "note     dead letters  3 collage",
        "                       → list them: ops-dashboard dlq list",
        "skipped  database      no --mysql, MYSQL_URL or --mysql-secret",
        "ok       2 checks      credentials, clock",
    ]


def test_every_check_that_passed_can_be_shown() -> None:
    assert page(FOUND, every=True)[-2:] == [
        "ok       credentials   arn:me",
        "ok       clock         0 s behind AWS",
    ]
    assert page(FOUND[:1]) == ["ok       1 check       credentials"]


def test_names_are_shown_literally_and_no_line_is_wider_than_the_terminal() -> None:
    hostile = wrong("items", "[red]\u202eevil", "x" * 200)
    lines = page([hostile])
    assert "[red]\\u202eevil" in lines[0]
    assert max(map(len, lines)) <= 80
    assert "".join(lines).count("x") == 200


def test_a_finding_is_two_lines_where_nothing_is_wrapped() -> None:
    assert len(page(FOUND[-1:], columns=10_000)) == 2


def test_checks_that_were_skipped_for_one_reason_are_one_paragraph() -> None:
    found = [skipped(name, "needs the stack's outputs") for name in ("stream", "table", "key")]
    assert page([*found, skipped("clock", "needs a response")]) == [
        "skipped  3 checks      stream, table, key: needs the stack's outputs",
        "skipped  clock         needs a response",
    ]
    assert len(page(found, every=True)) == 3
