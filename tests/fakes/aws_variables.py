"""The variables of an AWS that cannot be a real one."""

from __future__ import annotations

import os

import pytest

_VARIABLES = {
    "AWS_ACCESS_KEY_ID": "test",
    "AWS_SECRET_ACCESS_KEY": "test",
    "AWS_DEFAULT_REGION": "us-east-1",
}


def set_aws_variables(patch: pytest.MonkeyPatch) -> None:
    """Set them, and unset every other variable of AWS."""
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        patch.delenv(name)
    for name, value in _VARIABLES.items():
        patch.setenv(name, value)
