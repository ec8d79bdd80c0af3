"""Pure modules are pure, edges say so: what the docstrings promise is held against the imports."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

import stream_ingest

ROOT = Path(stream_ingest.__file__).parent
MODULES = {
    ".".join(("stream_ingest", *path.relative_to(ROOT).with_suffix("").parts)): path
    for path in sorted(ROOT.rglob("*.py"))
    if path.name != "__init__.py"
}
PACKAGES = sorted(path for path in ROOT.rglob("__init__.py"))
"""They hold a docstring only, and promise nothing."""
IMPURE = {
    "boto3",
    "botocore",
    "aiohttp",
    "aiobotocore",
    "asyncmy",
    "os",
    "time",
    "random",
    "socket",
}
ALLOWED = {("stream_ingest.aws.items", "boto3.dynamodb.types")}
"""Turns Python's values into the wire's form and back: no client, no network."""


def first_paragraph(path: Path) -> str:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return docstring.partition("\n\n")[0]


def is_pure(path: Path) -> bool:
    docstring = ast.get_docstring(ast.parse(path.read_text())) or ""
    return "Pure" in first_paragraph(path) or docstring.partition("\n\n")[2].startswith("Pure")


PURE = {name: path for name, path in MODULES.items() if is_pure(path)}


def imports(path: Path) -> Iterator[str]:
    """Yield the modules that a module runs when imported: none that TYPE_CHECKING guards."""
    tree = ast.parse(path.read_text())
    guarded = {
        id(node)
        for each in ast.walk(tree)
        if isinstance(each, ast.If) and "TYPE_CHECKING" in ast.unparse(each.test)
        for node in ast.walk(each)
    }
    for node in ast.walk(tree):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_there_are_modules_of_both_kinds() -> None:
    assert "stream_ingest.windowing.rules.fold" in PURE
    assert "stream_ingest.contracts.identity" in PURE
    assert "stream_ingest.windowing.repository" in MODULES.keys() - PURE.keys()


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_whether_it_is_pure_or_an_edge(name: str) -> None:
    said = first_paragraph(MODULES[name])
    assert is_pure(MODULES[name]) != ("Edge" in said), said


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_touches_no_network_clock_disk_or_environment(name: str) -> None:
    used = {
        each
        for each in imports(PURE[name])
        if each.split(".")[0] in IMPURE
        and not any(name == module and each.startswith(allowed) for module, allowed in ALLOWED)
    }
    assert used == set()


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_uses_pure_modules_only(name: str) -> None:
    """Imports go one way: handler, wiring, edges, pure core."""
    ours = {each for each in imports(PURE[name]) if each in MODULES}
    assert ours <= PURE.keys()


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_opens_no_file_and_asks_no_clock(name: str) -> None:
    calls = {
        ast.unparse(node.func)
        for node in ast.walk(ast.parse(PURE[name].read_text()))
        if isinstance(node, ast.Call)
    }
    asked = {call for call in calls if call in {"open", "print", "input"}}
    asked |= {call for call in calls if call.endswith((".now", ".utcnow", ".today", ".read_text"))}
    assert asked == set()


def test_nothing_here_knows_the_parts_that_build_on_it() -> None:
    """`collage_lambda` and `ops_dashboard` may import this package, never the other way round."""
    for name, path in MODULES.items():
        roots = {each.split(".")[0] for each in imports(path)}
        assert not roots & {"collage_lambda", "ops_dashboard", "components", "tests"}, name


def test_the_catalogue_of_metrics_is_a_leaf() -> None:
    """All parts import it, so it brings nothing along."""
    path = MODULES["stream_ingest.contracts.metrics"]
    assert is_pure(path)
    roots = {each.split(".")[0] for each in imports(path)}
    assert roots <= {"__future__", "dataclasses", "enum"}


@pytest.mark.parametrize("path", PACKAGES, ids=lambda path: path.parent.name)
def test_a_package_does_nothing_when_it_is_imported(path: Path) -> None:
    (statement,) = ast.parse(path.read_text()).body
    assert isinstance(statement, ast.Expr)
