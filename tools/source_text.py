"""The strings that follow definitions in a module's source, which document them. Edge (files)."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType


def constant_docs(module: ModuleType) -> dict[str, str]:
    """Return the documentation of a module's constants, by name; empty if there is none."""
    return dict(_documented(_tree(module).body))


def field_docs(module: ModuleType, class_name: str) -> dict[str, str]:
    """Return the documentation of a class's fields, by name; empty if there is none."""
    for node in _tree(module).body:
        if isinstance(node, ast.ClassDef) and node.name == class_name:
            return dict(_documented(node.body))
    msg = f"{module.__name__} has no class {class_name}"
    raise LookupError(msg)


def prose(text: str) -> str:
    """Return documentation as one line of Markdown."""
    return re.sub(r"``([^`]+)``", r"`\1`", " ".join(text.split()))


def _tree(module: ModuleType) -> ast.Module:
    assert module.__file__ is not None  # noqa: S101 - every module here is a file
    return ast.parse(Path(module.__file__).read_text(encoding="utf-8"))


def _documented(body: list[ast.stmt]) -> Iterator[tuple[str, str]]:
    for node, after in zip(body, [*body[1:], None], strict=True):
        match node:
            case ast.AnnAssign(target=ast.Name(id=name)) | ast.Assign(targets=[ast.Name(id=name)]):
                yield name, _docstring(after)


def _docstring(node: ast.stmt | None) -> str:
    match node:
        case ast.Expr(value=ast.Constant(value=str(text))):
            return prose(text)
    return ""
