"""The lines between pure modules and edges, and between this package and others."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import collage_lambda

PACKAGE = Path(collage_lambda.__file__).parent
MODULES = sorted(path for path in PACKAGE.glob("*.py") if path.name != "__init__.py")
EFFECTS = {"aiohttp", "asyncio", "boto3", "botocore", "os", "random", "socket", "time"}


def docstring(path: Path) -> str:
    return ast.get_docstring(ast.parse(path.read_text())) or ""


def is_pure(path: Path) -> bool:
    return " Pure" in docstring(path).split("\n\n")[0]


def imports(path: Path) -> set[str]:
    """Return the modules that are imported when a module is, not those for type checkers alone."""
    found: set[str] = set()
    for node in ast.parse(path.read_text()).body:
        if isinstance(node, ast.Import):
            found |= {name.name for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            found |= {f"{node.module}.{name.name}" for name in node.names}
            found.add(node.module or "")
    return found


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_a_module_says_whether_it_is_pure_or_an_edge(path: Path) -> None:
    first = docstring(path).split("\n\n")[0]
    assert (" Pure" in first) != (" Edge" in first)


@pytest.mark.parametrize("path", [*filter(is_pure, MODULES)], ids=lambda path: path.stem)
def test_a_pure_module_imports_no_effect_and_no_edge(path: Path) -> None:
    edges = {f"collage_lambda.{other.stem}" for other in MODULES if not is_pure(other)}
    assert not imports(path) & edges
    assert not {name.partition(".")[0] for name in imports(path)} & EFFECTS


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_is_imported_from_the_dashboard(path: Path) -> None:
    assert not [name for name in imports(path) if name.startswith("ops_dashboard")]


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.stem)
def test_nothing_is_imported_from_the_windowing_or_the_infrastructure(path: Path) -> None:
    foreign = ("pulumi", "stream_ingest.windowing", "aiobotocore")
    assert not [name for name in imports(path) if name.startswith(foreign)]
