from __future__ import annotations

import importlib.util
import marshal
import platform
import sys
from pathlib import Path
from types import CodeType

import pytest

from ops_dashboard.packaging import bytecode
from ops_dashboard.packaging.bytecode import Compiler, compiler, with_bytecode

HERE = Compiler(path=sys.executable, version=platform.python_version())
TAG = sys.implementation.cache_tag
_HEADER_BYTES = 16
_UNCHECKED_HASH = 0b01


@pytest.fixture
def files(tmp_path: Path) -> dict[str, Path]:
    """A module, a broken one, and what is no module."""
    contents = {"app/one.py": "X = {'a', 'b'}\n", "app/bad.py": "def :\n", "app/data.json": "{}"}
    found = {}
    for number, (name, text) in enumerate(contents.items()):
        found[name] = tmp_path / str(number)  # wherever it lies, its name in the bundle counts
        found[name].write_text(text)
    return found


def test_each_module_that_compiles_gets_bytecode(files: dict[str, Path], tmp_path: Path) -> None:
    made = with_bytecode(files, HERE, tmp_path / "made")
    assert set(made) == {*files, f"app/__pycache__/one.{TAG}.pyc"}
    assert all(made[name] == path for name, path in files.items())


def test_bytecode_depends_only_on_the_source_and_its_name(
    files: dict[str, Path], tmp_path: Path
) -> None:
    """Not on time and place of the build, and it is used whatever its source's time."""
    name = f"app/__pycache__/one.{TAG}.pyc"
    bodies = [with_bytecode(files, HERE, tmp_path / at)[name].read_bytes() for at in ("a", "b/c")]
    assert bodies[0] == bodies[1]
    assert bodies[0][:4] == importlib.util.MAGIC_NUMBER
    assert int.from_bytes(bodies[0][4:8], "little") == _UNCHECKED_HASH
    code = marshal.loads(bodies[0][_HEADER_BYTES:])  # noqa: S302 - made above
    assert isinstance(code, CodeType)
    assert code.co_filename == "app/one.py"


def test_without_that_python_a_bundle_contains_sources_only(
    files: dict[str, Path], tmp_path: Path
) -> None:
    assert compiler("2.99") is None
    assert with_bytecode(files, None, tmp_path / "made") == files


def test_this_python_compiles_for_its_own_version(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(bytecode, "_output", lambda *_: pytest.fail("no search expected"))
    assert compiler(f"{sys.version_info.major}.{sys.version_info.minor}") == HERE
