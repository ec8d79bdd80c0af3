from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable, Iterator

import pytest

from ops_dashboard.local.aws.process import end_group, group_is_alive, started_at

CHILD = "import subprocess, sys; print('up', flush=True); subprocess.run(sys.argv[1:])"
DEAF = "import signal, time; signal.signal(15, signal.SIG_IGN); print('up', flush=True); input()"

Start = Callable[..., subprocess.Popen[bytes]]


@pytest.fixture
def start() -> Iterator[Start]:
    children: list[subprocess.Popen[bytes]] = []

    def run(*arguments: str) -> subprocess.Popen[bytes]:
        pipe = subprocess.PIPE
        child = subprocess.Popen(  # noqa: S603 - our own arguments
            [sys.executable, "-c", *arguments], stdin=pipe, stdout=pipe, start_new_session=True
        )
        children.append(child)
        assert child.stdout
        assert child.stdout.readline() == b"up\n"
        return child

    yield run
    for child in children:
        end_group(child.pid)
        child.communicate()


def test_a_process_is_identified_by_its_start_time(start: Start) -> None:
    child = start("print('up'); input()")
    assert started_at(child.pid)
    assert started_at(child.pid) == started_at(child.pid)
    assert started_at(child.pid) != started_at(1)


def test_a_zombie_does_not_count_as_running(start: Start) -> None:
    child = start("print('up')")
    os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT)
    assert started_at(child.pid) is None
    assert not group_is_alive(child.pid)


def test_ending_a_group_ends_grandchildren_too(start: Start) -> None:
    child = start(CHILD, sys.executable, "-c", "input()")
    end_group(child.pid)
    assert not group_is_alive(child.pid)
    assert started_at(child.pid) is None


def test_a_process_that_ignores_sigterm_is_killed(start: Start) -> None:
    child = start(DEAF)
    end_group(child.pid, timeout_s=0.2)
    assert child.wait() == -9


def test_ending_a_group_is_idempotent(start: Start) -> None:
    child = start("print('up'); input()")
    end_group(child.pid)
    child.wait()
    end_group(child.pid)
