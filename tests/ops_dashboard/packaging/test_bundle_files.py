from __future__ import annotations

import hashlib
import os
import zipfile
from pathlib import Path, PurePosixPath

import pytest

from ops_dashboard.packaging.bundle_files import (
    BundleError,
    is_needed,
    own_files,
    wheel_files,
    write_zip,
)


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """A project whose handler needs some modules, not others."""
    sources = {
        "app/__init__.py": "",
        "app/handler.py": "from app import store\nfrom app.deep import fold\n",
        "app/store.py": (
            "from typing import TYPE_CHECKING\n"
            "if TYPE_CHECKING:\n    from app import typing_only\n"
            "else:\n    from app import real\n"
            "def late():\n    import app.lazy\n"
        ),
        "app/deep/__init__.py": "from . import parts\n",
        "app/deep/fold.py": "from .parts import part\nfrom .. import cousin\n",
        "app/deep/parts.py": "",
        "app/real.py": "import json, boto3\n",
        "app/lazy.py": "import app.handler\n",
        "app/cousin.py": "",
        "app/typing_only.py": "",
        "app/cli.py": "from app import handler\n",
    }
    for name, source in sources.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(source, encoding="utf-8")
    return tmp_path


def test_a_bundle_contains_exactly_what_its_handler_imports(project: Path) -> None:
    unused = {"app/typing_only.py", "app/cli.py"}
    every = {path.relative_to(project).as_posix() for path in project.rglob("*.py")}
    assert set(own_files(project, ("app.handler",))) == every - unused


def test_a_missing_handler_is_named(project: Path) -> None:
    with pytest.raises(BundleError, match=r"app\.missing"):
        own_files(project, ("app.handler", "app.missing"))


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/s3/2006-03-01/service-2.json.gz",
        "botocore/data/endpoints.json",
        "botocore/data/partitions.json",
        "botocore/data/sdk-default-configuration.json",
        "botocore/data/_retry.json",
        "botocore/docs/docstring.py",  # botocore.client imports it
        "boto3/data/dynamodb/2012-08-10/resources-1.json",
        "PIL/_imaging.cpython-313-aarch64-linux-gnu.so",
        "pillow.libs/libjpeg.so.62",
        "aiohttp/test_utils.py",
        "yarl-1.0.dist-info/METADATA",
        "yarl-1.0.dist-info/licenses/LICENSE",
        "boto3-1.0.dist-info/NOTICE",
        "six.py",
    ],
)
def test_files_that_a_function_may_use_are_packed(path: str) -> None:
    assert is_needed(PurePosixPath(path))


@pytest.mark.parametrize(
    "path",
    [
        "botocore/data/ec2/2016-11-15/service-2.json.gz",
        "boto3/data/ec2/2016-11-15/resources-1.json",
        "boto3/examples/s3.rst",
        "bin/jp.py",
        "msgspec/__init__.pyi",
        "aiohttp/_http_parser.pyx",
        "multidict/multidict_capi.h",
        "dateutil/__pycache__/tz.cpython-311.pyc",
        "yarl-1.0.dist-info/RECORD",
        "yarl-1.0.dist-info/INSTALLER",
        "yarl-1.0.dist-info/direct_url.json",
        ".lock",
    ],
)
def test_files_that_no_function_uses_are_left_out(path: str) -> None:
    assert not is_needed(PurePosixPath(path))


def test_the_same_files_give_the_same_bytes_anywhere_and_anytime(tmp_path: Path) -> None:
    digests = []
    for folder, names in (("a", ["x.py", "y/z.py"]), ("b", ["y/z.py", "x.py"])):
        root = tmp_path / folder
        for moment, name in enumerate(names):
            path = root / name
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(name, encoding="utf-8")
            path.chmod(0o755 if folder == "a" else 0o600)
            stamp = 1_000_000_000 + moment
            os.utime(path, (stamp, stamp))
        write_zip(wheel_files(root), root.with_suffix(".zip"))
        digests.append(hashlib.sha256(root.with_suffix(".zip").read_bytes()).hexdigest())
    assert digests[0] == digests[1]
    with zipfile.ZipFile(tmp_path / "a.zip") as archive:
        assert archive.namelist() == ["x.py", "y/z.py"]
        assert {entry.date_time for entry in archive.infolist()} == {(1980, 1, 1, 0, 0, 0)}
        assert {entry.external_attr >> 16 for entry in archive.infolist()} == {0o644}
