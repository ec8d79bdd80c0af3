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
    """Return the first paragraph of a module's docstring, which ruff requires to come first."""
    docstring = path.read_text().split('"""', maxsplit=2)[1]
    return docstring.partition("\n\n")[0]


def says(path: Path, kind: str) -> bool:
    return re.search(rf"\b{kind}\b", summary(path)) is not None


@cache
def pure_modules() -> dict[str, Path]:
    return {name: path for name, path in MODULES.items() if says(path, "Pure")}


@cache
def imports(path: Path) -> frozenset[str]:
    """Return the names that a module imports when it runs, not those for type checkers alone."""
    return frozenset(_imports(path))


def _imports(path: Path) -> Iterator[str]:
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
        assert inside & pure_modules().keys(), package
        assert inside - pure_modules().keys(), package


def test_every_module_says_whether_it_is_pure_or_an_edge() -> None:
    unclear = {
        name: summary(path)
        for name, path in MODULES.items()
        if says(path, "Pure") == says(path, "Edge")
    }
    assert unclear == {}


def test_a_pure_module_imports_no_network_clock_disk_or_environment() -> None:
    used = {
        (name, each)
        for name, path in pure_modules().items()
        for each in imports(path)
        if each.partition(".")[0] in EFFECTS
    }
    refused = {
        (name, each)
        for name, each in used
        if not any(name == module and each.startswith(part) for module, part in ALLOWED)
    }
    assert refused == set()


def test_a_pure_module_imports_pure_modules_only() -> None:
    edges = MODULES.keys() - pure_modules().keys()
    found = {name: imports(path) & edges for name, path in pure_modules().items()}
    assert {name: imported for name, imported in found.items() if imported} == {}


def test_a_pure_module_opens_no_file_and_reads_no_clock() -> None:
    calls = {
        (name, ast.unparse(node.func))
        for name, path in pure_modules().items()
        for node in ast.walk(tree(path))
        if isinstance(node, ast.Call)
    }
    assert {(name, call) for name, call in calls if EFFECT_CALLS.fullmatch(call)} == set()


METRIC_MODULES = ("metrics", "metric_model", "photo_metrics")


def test_the_catalogue_of_metrics_imports_nothing_of_ours() -> None:
    """Every part imports it, so it must bring nothing along."""
    parts = {f"stream_ingest.contracts.{name}" for name in METRIC_MODULES}
    found = {each for name in parts for each in imports(pure_modules()[name])}
    ours = {each for each in found if each.startswith("stream_ingest")}
    assert [each for each in ours if not each.startswith(tuple(parts))] == []
    roots = {each.partition(".")[0] for each in found}
    assert roots <= {"__future__", "dataclasses", "enum", "stream_ingest"}


def test_importing_a_package_runs_nothing() -> None:
    running = [
        path for path in INITS if any(not isinstance(each, ast.Expr) for each in tree(path).body)
    ]
    assert running == []


def test_the_pulumi_program_is_no_package() -> None:
    """An `__init__.py` in `pulumi/` or in `tests/pulumi/` would shadow the Pulumi SDK."""
    assert not list((ROOT / "pulumi").rglob("__init__.py"))
    assert not list((ROOT / "tests").rglob("__init__.py"))


def test_every_file_that_shares_a_stack_exists() -> None:
    """A file under a former name would deploy a stack of its own, and take a minute more."""
    assert [file for file in TOGETHER if not (ROOT / "tests" / file).is_file()] == []
