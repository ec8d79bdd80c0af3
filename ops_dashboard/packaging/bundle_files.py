"""Contents of a Lambda bundle: modules, files of wheels, and the zip. Edge (files).

The result depends on the files alone: the same files give the same bytes. (A different version of
zlib may compress to other bytes, but never to other contents.)
"""

from __future__ import annotations

import ast
import zipfile
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path, PurePosixPath

from stream_ingest.contracts.errors import UserError

INCLUDED_SERVICES = frozenset(
    {"cloudfront", "dynamodb", "events", "kinesis", "kms", "s3", "sqs", "ssm", "sts"}
)
"""Services whose API models of botocore and boto3 are packed; the other 400 would be the bulk."""

_ONLY_VERSION = {"cloudfront": "2020-05-31"}
"""The version of a service's model that is packed, if botocore has many."""
_LICENCE_WORDS = ("licen", "copying", "notice", "authors")
_UNUSED_FILES = frozenset(
    {".lock", "py.typed"}
)  # left by uv in a target, and read by type checkers only
_UNUSED_FOLDERS = frozenset({"__pycache__", "tests", "test", "examples"})
_UNUSED_SUFFIXES = frozenset({".pyc", ".pyi", ".pyx", ".pxd", ".pxi", ".h", ".c"})
_BLOCKS = (ast.stmt, ast.excepthandler, ast.match_case)
"""Nodes that are statements or contain some."""
_EPOCH = (1980, 1, 1, 0, 0, 0)  # the earliest time in a zip
_MODE = 0o644 << 16


class BundleError(UserError):
    """A bundle cannot be built."""


def is_needed(path: PurePosixPath) -> bool:
    """Return whether a function may use a file of an installed wheel.

    Of a package's metadata, METADATA (its version) and its licence are packed. RECORD, INSTALLER
    and direct_url.json depend on the machine that installed it.
    """
    parts = path.parts
    if (
        parts[0] == "bin"
        or path.name in _UNUSED_FILES
        or path.suffix in _UNUSED_SUFFIXES
        or _UNUSED_FOLDERS & set(parts[:-1])
    ):
        return False
    if parts[0].endswith(".dist-info"):
        name = path.name.lower()
        return name == "metadata" or any(word in name for word in _LICENCE_WORDS)
    if parts[:2] in {("botocore", "data"), ("boto3", "data")} and len(parts) > 3:  # noqa: PLR2004 - data/<service>/<file>
        version = _ONLY_VERSION.get(parts[2], parts[3])
        return parts[2] in INCLUDED_SERVICES and (parts[0] == "boto3" or parts[3] == version)
    return True


def wheel_files(folder: Path) -> dict[str, Path]:
    """Return the files of installed wheels that a bundle needs, by their name in the bundle."""
    found = (path for path in folder.rglob("*") if path.is_file())
    named = ((PurePosixPath(path.relative_to(folder).as_posix()), path) for path in found)
    return {str(name): path for name, path in named if is_needed(name)}


def own_files(root: Path, handlers: tuple[str, ...]) -> dict[str, Path]:
    """Return the project's modules that handlers import, directly or indirectly, by name.

    They are found in the source, without running it: imports inside functions count, those under
    ``if TYPE_CHECKING`` do not. So a change of a command line changes no bundle.
    """
    found: dict[str, Path] = {}
    waiting, checked = list(handlers), set[str]()
    for handler in handlers:
        if _module_path(root, handler) is None:
            msg = f"handler module {handler} is not in {root}"
            raise BundleError(msg)
    while waiting:
        module = waiting.pop()
        if module in checked:
            continue
        checked.add(module)
        path = _module_path(root, module)
        if path is None:
            continue
        found[path.relative_to(root).as_posix()] = path
        package = module if path.name == "__init__.py" else module.rpartition(".")[0]
        waiting.extend(_imports(path.read_bytes(), package))
        waiting.extend(_parents(module))
    return found


def folder_files(root: Path, folders: tuple[str, ...]) -> dict[str, Path]:
    """Return the files of folders of the project, by their name in the bundle."""
    files = (path for folder in folders for path in (root / folder).rglob("*") if path.is_file())
    return {path.relative_to(root).as_posix(): path for path in files}


def write_zip(files: Mapping[str, Path], target: Path) -> None:
    """Write `files` to a zip: sorted, with fixed times, modes and compression."""
    with zipfile.ZipFile(target, "w") as archive:
        for name in sorted(files):
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.create_system = 3  # Unix, whatever system builds it
            entry.external_attr = _MODE
            entry.compress_type = zipfile.ZIP_DEFLATED
            archive.writestr(entry, files[name].read_bytes(), compresslevel=6)


def _module_path(root: Path, module: str) -> Path | None:
    """Return the file of a module of the project, None if there is no such module."""
    base = root.joinpath(*module.split("."))
    for path in (base.with_suffix(".py"), base / "__init__.py"):
        if path.is_file():
            return path
    return None


def _parents(module: str) -> Iterator[str]:
    while "." in module:
        module = module.rpartition(".")[0]
        yield module


@cache
def _imports(source: bytes, package: str) -> tuple[str, ...]:
    """Return all names that a module of `package` imports; not all of them are modules.

    Cached, because a deployment reads the same sources for each of its functions.
    """
    names: list[str] = []
    for node in _live_statements(ast.parse(source)):
        if isinstance(node, ast.Import):
            names += (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            base = _absolute(node, package)
            names += (base, *(f"{base}.{alias.name}" for alias in node.names))
    return tuple(names)


def _absolute(node: ast.ImportFrom, package: str) -> str:
    if not node.level:
        return node.module or ""
    parents = package.split(".")[: len(package.split(".")) - node.level + 1]
    return ".".join([*parents, *([node.module] if node.module else [])])


def _live_statements(tree: ast.Module) -> Iterator[ast.AST]:
    """Yield a module's statements, nested ones too, but for those that only a type checker reads.

    Expressions, which are most of a tree, contain no imports.
    """
    waiting: list[ast.AST] = [tree]
    while waiting:
        node = waiting.pop()
        yield node
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            waiting.extend(node.orelse)
        else:
            waiting += (each for each in ast.iter_child_nodes(node) if isinstance(each, _BLOCKS))
