"""Reproducible Lambda zips without Docker. Edge (runs uv, reads and writes files).

Versions and their hashes come from uv.lock through ``uv export``, wheels for the target platform
from ``uv pip install --target``; `ops_dashboard.packaging.bundle_files` selects the files to
pack, and `ops_dashboard.packaging.bytecode` compiles them if this machine has the bundle's Python.
Zips are stored in dist/ under a hash of all their inputs, so an unchanged source is neither built
nor deployed again.

``python -m ops_dashboard.packaging.bundles [lambda|local]`` builds both and prints where they are.
"""

from __future__ import annotations

import base64
import fcntl
import hashlib
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

import uv
from rich.console import Console

from ops_dashboard.checkout import ROOT
from ops_dashboard.packaging.bundle_files import (
    BundleError,
    folder_files,
    own_files,
    wheel_files,
    write_zip,
)
from ops_dashboard.packaging.bytecode import compiler, with_bytecode

LAMBDA_PYTHON = "3.13"
LAMBDA_WHEELS = "aarch64-manylinux_2_28"  # what Amazon Linux 2023 on Graviton runs
MAX_ZIP_BYTES = 50_000_000
"""Maximum zip that Lambda accepts directly; ours stay under half of it."""
_MAX_BUILDS = 3
_FROM_SOURCE = ("--no-binary", "pyvips")
"""pyvips has no wheel. It is Python alone, because the machine that builds it finds no libvips."""
_BUILDER = ("bundles.py", "bundle_files.py", "bytecode.py")


class Platform(StrEnum):
    """Where a bundle runs."""

    LAMBDA = "lambda"
    LOCAL = "local"
    """This machine and this Python, on which the embedded AWS runs functions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Contents:
    """Contents of a bundle: modules with handlers, and a dependency group of pyproject.toml."""

    handlers: tuple[str, ...]
    group: str
    programs: tuple[str, ...] = ()
    """Modules that the handlers run in a process of its own."""
    folders: tuple[str, ...] = ()
    """Folders of files that the handlers read."""


BUNDLES = {
    "windowing": Contents(
        handlers=("stream_ingest.windowing.handler", "stream_ingest.windowing.sweeper.handler"),
        group="windowing",
    ),
    "intake": Contents(handlers=("stream_ingest.intake.handler",), group="windowing"),
    "collage": Contents(
        handlers=("collage_lambda.handler", "collage_lambda.prefetch.handler"), group="collage"
    ),
    "rendition": Contents(
        handlers=("rendition_lambda.handler",),
        group="rendition",
        programs=("rendition_lambda.render.child",),
    ),
    "links": Contents(
        handlers=("rendition_lambda.links.handler",),
        group="windowing",
        folders=("rendition_lambda/links/page", "rendition_lambda/uploading/browser"),
    ),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Bundle:
    """One built zip."""

    path: Path
    sha256: str
    """Of the zip's bytes, in hex."""

    @property
    def sha256_base64(self) -> str:
        """The hash in the format of Lambda's CodeSha256."""
        return base64.b64encode(bytes.fromhex(self.sha256)).decode()


def build_bundle(name: str, platform: Platform, root: Path = ROOT) -> Bundle:
    """Return the bundle `name` for `platform`; build it unless dist/ has it already.

    Safe to call from several processes at once. Raises `BundleError` if a handler is missing, a
    wheel is not available, or the zip is too large for Lambda.
    """
    contents = BUNDLES[name]
    own = own_files(root, (*contents.handlers, *contents.programs))
    own |= folder_files(root, contents.folders)
    requirements = _requirements(contents.group, root)
    key = _key(own, requirements, platform)
    target = root / "dist" / f"{name}-{platform}-{key}.zip"
    with _lock(target.parent):
        if not target.is_file():
            _build(own, requirements, platform, target)
            _delete_old(target, f"{name}-{platform}-*.zip")
    digest = hashlib.sha256(target.read_bytes()).hexdigest()
    return Bundle(path=target, sha256=digest)


def main() -> None:
    """Build every bundle for the platform named on the command line (``lambda``)."""
    platform = Platform(sys.argv[1] if len(sys.argv) > 1 else Platform.LAMBDA)
    console = Console(soft_wrap=True, highlight=False)
    if compiler(_python(platform)) is None:
        Console(stderr=True, soft_wrap=True, highlight=False).print(
            f"[yellow]no Python {_python(platform)} found: bundles have no bytecode, so functions"
            f" start 0.3 to 0.5 s more slowly[/] (uv python install {_python(platform)})"
        )
    for name in BUNDLES:
        try:
            bundle = build_bundle(name, platform)
        except BundleError as error:
            sys.exit(f"error: {error}")
        megabytes = bundle.path.stat().st_size / 1e6
        console.print(f"{name}\t{megabytes:.1f} MB\tsha256:{bundle.sha256}\t{bundle.path}")


def _requirements(group: str, root: Path) -> bytes:
    """Return a group's locked packages with hashes, independent of this machine."""
    return _uv(
        "export", "--frozen", "--no-header", "--no-annotate", "--no-emit-project",
        "--only-group", group, cwd=root,
    )  # fmt: skip


def _key(own: dict[str, Path], requirements: bytes, platform: Platform) -> str:
    """Return a short hash of all inputs of a bundle."""
    builder = [Path(__file__).with_name(name) for name in _BUILDER]
    python = compiler(_python(platform))
    parts = [str(platform).encode(), _python(platform).encode(), requirements]
    parts.append(python.version.encode() if python else b"no bytecode")
    parts += [path.read_bytes() for path in builder]
    for name in sorted(own):
        parts += [name.encode(), own[name].read_bytes()]
    digest = hashlib.sha256()
    for part in parts:
        digest.update(len(part).to_bytes(8, "big") + part)
    return digest.hexdigest()[:16]


def _python(platform: Platform) -> str:
    here = f"{sys.version_info.major}.{sys.version_info.minor}"
    return LAMBDA_PYTHON if platform is Platform.LAMBDA else here


def _build(own: dict[str, Path], requirements: bytes, platform: Platform, target: Path) -> None:
    with tempfile.TemporaryDirectory(prefix="bundle-", dir=target.parent) as scratch:
        folder, listing = Path(scratch, "wheels"), Path(scratch, "requirements.txt")
        listing.write_bytes(requirements)
        foreign = ["--python-platform", LAMBDA_WHEELS] if platform is Platform.LAMBDA else []
        _uv(
            "pip", "install", "--quiet", "--target", str(folder), "--requirement", str(listing),
            "--python", sys.executable, "--python-version", _python(platform), *foreign,
            "--only-binary", ":all:", *_FROM_SOURCE, "--no-deps", "--require-hashes",
            cwd=Path(scratch),
        )  # fmt: skip
        files = wheel_files(folder) | own
        python = compiler(_python(platform))
        finished = Path(scratch, "bundle.zip")
        write_zip(with_bytecode(files, python, Path(scratch, "compiled")), finished)
        size = finished.stat().st_size
        if size > MAX_ZIP_BYTES:
            msg = f"{target.name} has {size} bytes; Lambda accepts {MAX_ZIP_BYTES}"
            raise BundleError(msg)
        finished.replace(target)


def _uv(*arguments: str, cwd: Path) -> bytes:
    """Run uv and return its output; raises `BundleError` with its last line if it fails."""
    environment = {key: value for key, value in os.environ.items() if key != "VIRTUAL_ENV"}
    environment["PKG_CONFIG"] = "false"  # or pyvips would be compiled for an installed libvips
    command = [uv.find_uv_bin(), *arguments]
    done = subprocess.run(command, cwd=cwd, env=environment, capture_output=True, check=False)  # noqa: S603 - our own arguments
    if done.returncode:
        lines = done.stderr.decode(errors="replace").strip().splitlines()
        msg = f"uv {' '.join(arguments[:2])}: {lines[-1].strip() if lines else done.returncode}"
        raise BundleError(msg)
    return done.stdout


@contextmanager
def _lock(folder: Path) -> Iterator[None]:
    """Allow one process at a time to build into `folder`."""
    folder.mkdir(exist_ok=True)
    with (folder / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _delete_old(newest: Path, pattern: str) -> None:
    """Delete old builds, except the last few, which other processes may still read."""
    builds = sorted(newest.parent.glob(pattern), key=lambda path: path.stat().st_mtime)
    for path in builds[:-_MAX_BUILDS]:
        path.unlink(missing_ok=True)


if __name__ == "__main__":
    main()
