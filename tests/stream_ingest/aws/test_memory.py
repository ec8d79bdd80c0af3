from __future__ import annotations

import resource
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from stream_ingest.aws.memory import peak_memory_mb

MB = 1024 * 1024
CHILD_MB = 200
CHILD = """
import sys
block = bytearray(int(sys.argv[1]))
block[::4096] = b"x" * len(block[::4096])
del block
print("ready", flush=True)
sys.stdin.read()
"""
"""Allocates memory, frees it, and waits."""


@contextmanager
def child(megabytes: int) -> Iterator[None]:
    command = [sys.executable, "-c", CHILD, str(megabytes * MB)]
    with subprocess.Popen(  # noqa: S603 - our own program
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == b"ready\n"
        yield
        assert process.stdin is not None
        process.stdin.close()


def touch(megabytes: int) -> None:
    """Use memory, and return it to the system."""
    bytearray(b"x") * (megabytes * MB)


def test_a_peak_stays_when_the_memory_is_free_again() -> None:
    touch(CHILD_MB)
    assert peak_memory_mb() > CHILD_MB


def test_living_children_count_with_their_own_peak_once() -> None:
    touch(2 * CHILD_MB)
    before = peak_memory_mb()
    with child(CHILD_MB):
        assert before + CHILD_MB < peak_memory_mb() < before + 1.5 * CHILD_MB
    assert peak_memory_mb() == pytest.approx(before, abs=10)


def test_a_child_of_another_thread_counts() -> None:
    before, found = peak_memory_mb(), []

    def measure() -> None:
        with child(CHILD_MB):
            found.append(peak_memory_mb())

    thread = threading.Thread(target=measure)
    thread.start()
    thread.join()
    assert found[0] > before + CHILD_MB


def test_a_larger_process_that_started_this_one_does_not_count() -> None:
    """`getrusage` says the peak of the parent, too, as this test shows."""
    touch(CHILD_MB)
    code = (
        "import resource, stream_ingest.aws.memory as memory;"
        "print(memory.peak_memory_mb(), resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)"
    )
    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", code], capture_output=True, check=True
    )
    peak, usage = map(float, answer.stdout.split())
    assert peak < CHILD_MB / 2
    assert usage > CHILD_MB
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024 > CHILD_MB
