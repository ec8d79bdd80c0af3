"""Every module says whether it is pure or an edge, and pure modules keep to it.

`.importlinter` checks the directions between packages. It cannot read docstrings, so this test
does: a pure module imports neither what touches network, clock, disk or environment, nor an edge.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from functools import cache
from pathlib import Path

import pytest

from tests.conftest import TOGETHER
from tests.paths import ROOT

PACKAGES = (
    "stream_ingest",
    "imaging",
    "collage_lambda",
    "rendition_lambda",
    "ops_dashboard",
    "tools",
)
FILES = {
    ".".join(path.relative_to(base).with_suffix("").parts): path
    for base, folders in ((ROOT, PACKAGES), (ROOT / "pulumi", (".",)))
    for folder in folders
    for path in sorted((base / folder).rglob("*.py"))
}
MODULES = {name: path for name, path in FILES.items() if path.name != "__init__.py"}
INITS = [path for path in FILES.values() if path.name == "__init__.py"]
EFFECTS = {
    "aiobotocore",
    "aiohttp",
    "asyncio",
    "asyncmy",
    "boto3",
    "botocore",
    "http",
    "multiprocessing",
    "os",
    "pulumi",
    "pulumi_aws",
    "secrets",
    "shutil",
    "signal",
    "socket",
    "subprocess",
    "tempfile",
    "threading",
    "time",
    "uuid",
}
ALLOWED = {
    # boto3's converters between Python's values and DynamoDB's JSON: no client, no network.
    ("stream_ingest.aws.items", "boto3.dynamodb.types"),
    # Documents are built from outputs; nothing is declared.
    ("components.security.policies", "pulumi"),
}
"""Modules that may import part of a library with effects, and which part."""
EFFECT_CALLS = re.compile(
    r"(open|print|input)|random\.[a-z]+"  # random.Random(seed) has no effect
    r"|.*\.(now|utcnow|today|read_text|read_bytes|write_text|write_bytes)"
)


@cache
def tree(path: Path) -> ast.Module:
    return ast.parse(path.read_text())


@cache
def summary(path: Path) -> str:
    """Return the first paragraph of a module's docstring, which ruff requires to come first.

    Read as text: to parse every module while tests are collected takes two seconds.
    """
    docstring = path.read_text().split('"""', maxsplit=2)[1]
    return docstring.partition("\n\n")[0]


def says(path: Path, kind: str) -> bool:
    return re.search(rf"\b{kind}\b", summary(path)) is not None


PURE = {name: path for name, path in MODULES.items() if says(path, "Pure")}


def imports(path: Path) -> Iterator[str]:
    """Yield the names that a module imports when it runs, not those for type checkers alone."""
    guarded = {
        id(node)
        for each in ast.walk(tree(path))
        if isinstance(each, ast.If) and "TYPE_CHECKING" in ast.unparse(each.test)
        for node in ast.walk(each)
    }
    for node in ast.walk(tree(path)):
        if id(node) in guarded:
            continue
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def test_there_are_modules_of_both_kinds_in_every_package() -> None:
    for package in (
        "stream_ingest",
        "imaging",
        "collage_lambda",
        "rendition_lambda",
        "ops_dashboard",
        "checks",
        "components",
    ):
        inside = {name for name in MODULES if name.startswith(f"{package}.")}
        assert inside & PURE.keys(), package
        assert inside - PURE.keys(), package


@pytest.mark.parametrize("name", MODULES)
def test_every_module_says_whether_it_is_pure_or_an_edge(name: str) -> None:
    assert says(MODULES[name], "Pure") != says(MODULES[name], "Edge"), summary(MODULES[name])


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_no_network_clock_disk_or_environment(name: str) -> None:
    used = {each for each in imports(PURE[name]) if each.partition(".")[0] in EFFECTS}
    allowed = {part for module, part in ALLOWED if module == name}
    assert {each for each in used if not each.startswith(tuple(allowed))} == set()


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_imports_pure_modules_only(name: str) -> None:
    assert {each for each in imports(PURE[name]) if each in MODULES} <= PURE.keys()


@pytest.mark.parametrize("name", PURE)
def test_a_pure_module_opens_no_file_and_reads_no_clock(name: str) -> None:
    calls = {
        ast.unparse(node.func) for node in ast.walk(tree(PURE[name])) if isinstance(node, ast.Call)
    }
    assert {call for call in calls if EFFECT_CALLS.fullmatch(call)} == set()


METRIC_MODULES = ("metrics", "metric_model", "photo_metrics")


def test_the_catalogue_of_metrics_imports_nothing_of_ours() -> None:
    """Every part imports it, so it must bring nothing along."""
    parts = {f"stream_ingest.contracts.{name}" for name in METRIC_MODULES}
    found = {each for name in parts for each in imports(PURE[name])}
    ours = {each for each in found if each.startswith("stream_ingest")}
    assert [each for each in ours if not each.startswith(tuple(parts))] == []
    roots = {each.partition(".")[0] for each in found}
    assert roots <= {"__future__", "dataclasses", "enum", "stream_ingest"}


@pytest.mark.parametrize("path", INITS, ids=lambda path: path.parent.name)
def test_importing_a_package_runs_nothing(path: Path) -> None:
    statements = [each for each in tree(path).body if not isinstance(each, ast.Expr)]
    assert statements == []


def test_the_pulumi_program_is_no_package() -> None:
    """An `__init__.py` in `pulumi/` or in `tests/pulumi/` would shadow the Pulumi SDK."""
    assert not list((ROOT / "pulumi").rglob("__init__.py"))
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_file_that_shares_a_stack_exists() -> None:
    """A file under a former name would deploy a stack of its own, and take a minute more."""
    assert [file for file in TOGETHER if not (ROOT / "tests" / file).is_file()] == []
