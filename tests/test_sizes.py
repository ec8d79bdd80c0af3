"""No file and no function is so long that it should be two."""

from __future__ import annotations

import ast
import subprocess
from functools import cache

from tests.paths import ROOT

MAX_FILE_LINES = 300
MAX_BODY_LINES = 40
"""Lines of a function's body, without its docstring."""


@cache
def files() -> list[str]:
    return subprocess.run(
        ["git", "ls-files", "*.py", "*.js"],  # noqa: S607 - git, as the developer has it
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    ).stdout.split()


def test_no_file_is_too_long() -> None:
    lengths = {path: len((ROOT / path).read_text().splitlines()) for path in files()}
    assert {path: lines for path, lines in lengths.items() if lines > MAX_FILE_LINES} == {}


def body_lines(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    first = function.body[0]
    is_docstring = isinstance(first, ast.Expr) and isinstance(first.value, ast.Constant)
    start = first.end_lineno if is_docstring else first.lineno - 1
    assert start is not None
    assert function.end_lineno is not None
    return function.end_lineno - start


def test_no_function_of_the_product_is_too_long() -> None:
    product = [path for path in files() if path.endswith(".py") and not path.startswith("tests/")]
    lengths = {
        f"{path}:{node.lineno} {node.name}": body_lines(node)
        for path in product
        for node in ast.walk(ast.parse((ROOT / path).read_text()))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    }
    assert len(lengths) > 1_000
    assert {name: lines for name, lines in lengths.items() if lines > MAX_BODY_LINES} == {}
