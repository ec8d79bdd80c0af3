"""What the bundles of the collage and the prefetch function leave out."""

from __future__ import annotations

import subprocess
import sys

import pytest

LEFT_OUT = ("zlib_ng", "orjson", "typer", "asyncmy", "rich")


@pytest.mark.parametrize("module", ["collage_lambda.handler", "collage_lambda.prefetch.handler"])
def test_a_function_imports_no_library_of_the_producer(module: str) -> None:
    """An import that the bundle lacks would end every invocation."""
    code = f"import sys; sys.modules |= dict.fromkeys({LEFT_OUT!r}); import {module}"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    assert done.returncode == 0, done.stderr
