from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from collage_lambda.image import heif_process
from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.reasons import Failure, FailureReason
from tests.fakes.collage.images import encoded, jpeg, picture

SPEC = CellSpec(cell_px=100, background=(255, 255, 255), simd=False)  # as in the child
HEIC = encoded(picture(320, 240), "HEIF", quality=90)

SLOW_ANSWER = """
import os, sys, time
os.write(int(sys.argv[1]), bytes(3))
time.sleep(60)
"""
"""The child of an attacker: it begins an answer and does not read its request."""


ENVIRON, MEMORY = 1, 2
INSPECT = """
found=0
(exec 3< /proc/$PPID/environ) 2> /dev/null && found=$((found | 1))
(exec 3< /proc/$PPID/mem) 2> /dev/null && found=$((found | 2))
exit $found
"""
"""The child of an attacker: its exit code says what it could open of its parent."""
INSPECTED = """
import ctypes, os, sys
from collage_lambda.image import heif_process
from collage_lambda.image.decode import CellSpec
if os.getuid() == 0:
    os.setgroups([])
    os.setgid(65534)
    os.setuid(65534)
    assert ctypes.CDLL(None).prctl(4, 1, 0, 0, 0) == 0  # changing the user closed the process
if sys.argv[2]:
    heif_process.forbid_inspection = lambda: None
heif_process._COMMAND = ("/bin/sh", "-c", sys.argv[1])  # this Python may be root's alone
failure = heif_process.HeifProcess().decode(b"", CellSpec(cell_px=1, background=(0, 0, 0)))
print(failure.detail.rpartition(" ")[2])
"""
"""The parent: it prints the exit code of its child."""


@pytest.fixture
def heif() -> Iterator[HeifProcess]:
    process = HeifProcess()
    yield process
    process.close()


def pid_of(process: HeifProcess) -> int:
    child = process._child  # noqa: SLF001 - the test needs its process
    assert child is not None
    return child.process.pid


def test_a_heic_becomes_the_same_cell_in_another_process(heif: HeifProcess) -> None:
    here, there = decode_cell(HEIC, SPEC), heif.decode(HEIC, SPEC)
    assert isinstance(here, Cell)
    assert isinstance(there, Cell)
    assert there.image.tobytes() == here.image.tobytes()
    assert (there.format, there.width, there.height) == ("HEIF", 320, 240)


def test_one_process_decodes_many_images(heif: HeifProcess) -> None:
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    first = pid_of(heif)
    broken = heif.decode(HEIC[: len(HEIC) // 2], SPEC)
    assert isinstance(broken, Failure)
    assert broken.reason is FailureReason.TRUNCATED
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    assert pid_of(heif) == first


def test_the_process_has_no_credentials(heif: HeifProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    variables = Path(f"/proc/{pid_of(heif)}/environ").read_bytes().rstrip(b"\0").split(b"\0")
    names = {variable.partition(b"=")[0] for variable in variables}
    assert b"PYTHONPATH" in names <= {b"PATH", b"LD_LIBRARY_PATH", b"PYTHONPATH"}


def test_the_process_gets_no_new_privileges(heif: HeifProcess) -> None:
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    status = Path(f"/proc/{pid_of(heif)}/status").read_text()
    assert "NoNewPrivs:\t1\n" in status


@pytest.mark.parametrize(("setup", "found"), [("", 0), ("open_to_all", ENVIRON)])
def test_the_process_cannot_inspect_its_parent(setup: str, found: int) -> None:
    """As a user without privileges: root may inspect every process.

    The second case leaves the protection out, so that the first one means something. It does not
    read the memory, which some kernels forbid anyway (Yama).
    """
    answer = subprocess.run(  # noqa: S603 - our own program
        [sys.executable, "-c", INSPECTED, INSPECT, setup],
        capture_output=True,
        check=True,
        text=True,
    )
    assert int(answer.stdout) & (found or ENVIRON | MEMORY) == found


def test_a_child_that_an_earlier_image_broke_is_replaced_for_the_next_one(
    heif: HeifProcess,
) -> None:
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    os.kill(pid_of(heif), signal.SIGSEGV)
    assert isinstance(heif.decode(HEIC, SPEC), Cell)


@pytest.mark.parametrize(
    ("program", "detail"),
    [
        ("import os; os.abort()", "the decoder's process ended with -6"),
        ("import sys; sys.exit('no such module')", "the decoder's process ended with 1"),
        ("import time; time.sleep(60)", "the decoder's process took too long"),
        (SLOW_ANSWER, "the decoder's process took too long"),
        ("print('no answer')", "the decoder's process ended with 0"),
    ],
)
def test_an_image_that_breaks_its_process_is_corrupt(
    program: str, detail: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = heif_process._start  # noqa: SLF001 - the real one, recorded

    def recorded_start() -> object:
        child = start()
        started.append(child.process)
        return child

    monkeypatch.setattr(heif_process, "_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(heif_process, "_start", recorded_start)
    process = HeifProcess(limit_s=1.0)
    for _ in range(2):
        failure = process.decode(HEIC, SPEC)
        assert isinstance(failure, Failure)
        assert (failure.reason, failure.detail) == (FailureReason.CORRUPT, detail)
    assert len(started) == 2
    assert all(child.returncode is not None for child in started)


def test_bytes_that_are_not_heif_are_handled_as_usual(heif: HeifProcess) -> None:
    assert isinstance(heif.decode(jpeg(), SPEC), Cell)
    failure = heif.decode(b"<html>", SPEC)
    assert isinstance(failure, Failure)
    assert failure.reason is FailureReason.NOT_AN_IMAGE


def test_closing_ends_the_process(heif: HeifProcess) -> None:
    heif.close()
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    pid = pid_of(heif)
    heif.close()
    assert not Path(f"/proc/{pid}").exists()
