"""What a process of a command line imports, and what Ctrl-C does to it."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys

import pytest

from tests.paths import ROOT

HEAVY = {"PIL", "aiobotocore", "aiohttp", "asyncmy", "boto3", "botocore", "jinja2", "pulumi"}
_START = """
import importlib, os, signal, sys
module, moment = importlib.import_module(sys.argv[1] + ".__main__"), int(sys.argv[2])
sys.argv[:] = ["command", *sys.argv[3:]]
happened = 0
def hook(event, details):
    global happened
    happened += 1
    if happened == moment:
        os.kill(os.getpid(), signal.SIGINT)
sys.addaudithook(hook)
try:
    module.main()
finally:
    if not moment:
        print(happened, *sys.modules, file=sys.stderr)
"""
"""Starts a command, which gets a SIGINT at its n-th import, open file, or other audited event."""


def start(module: str, moment: int, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", _START, module, str(moment), *arguments],
        env={
            "PATH": os.defpath,
            "HOME": "/nonexistent",
            "AWS_ENDPOINT_URL": "http://127.0.0.1:1",
            "AWS_REGION": "us-east-1",
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
        },
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


def imported(module: str, *arguments: str) -> set[str]:
    _, *modules = start(module, 0, *arguments).stderr.splitlines()[-1].split()
    return {each.partition(".")[0] for each in modules}


@pytest.mark.parametrize("module", ["ops_dashboard", "stream_ingest"])
def test_help_imports_no_client_of_anything(module: str) -> None:
    assert imported(module, "--help") & (HEAVY | {"msgspec", "email"}) == set()


@pytest.mark.parametrize(
    "line",
    [
        *("ops_dashboard status", "ops_dashboard photos put", "ops_dashboard dlq redrive"),
        *("ops_dashboard photos link", "ops_dashboard erase", "ops_dashboard local up"),
        *("stream_ingest push", "stream_ingest follow", "stream_ingest export"),
    ],
)
def test_the_help_of_a_command_imports_no_client_of_anything(line: str) -> None:
    module, *arguments = line.split()
    assert imported(module, *arguments, "--help") & HEAVY == set()


def test_a_reading_command_imports_boto3_alone() -> None:
    assert imported("ops_dashboard", "windows") & HEAVY == {"boto3", "botocore"}


LINES = (
    "ops_dashboard windows --status failed",
    "ops_dashboard plan --images 1000",
    "stream_ingest abandon some-batch",
    "ops_dashboard photos --help",
)


@pytest.mark.parametrize("line", LINES)
def test_ctrl_c_at_any_moment_ends_a_command_without_a_traceback(line: str) -> None:
    module, *arguments = line.split()
    total = int(start(module, 0, *arguments).stderr.splitlines()[-1].split()[0])
    moments = random.Random(line).sample(range(1, total), 8)  # noqa: S311 - no secret
    ends = {moment: start(module, moment, *arguments) for moment in moments}
    traces = {moment: end.stderr for moment, end in ends.items() if "Traceback" in end.stderr}
    assert traces == {}
    assert {end.returncode for end in ends.values()} <= {130, -signal.SIGINT}
