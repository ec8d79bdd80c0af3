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

SPEC = CellSpec(cell_px=100, background=(255, 255, 255))
HEIC = encoded(picture(320, 240), "HEIF", quality=90)

SLOW_ANSWER = """
import os, sys, time
os.write(int(sys.argv[1]), bytes(3))
time.sleep(60)
"""
"""The child of an attacker: it begins an answer and does not read its request."""


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
    assert broken.reason is FailureReason.CORRUPT
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    assert pid_of(heif) == first


def test_the_process_has_no_credentials(heif: HeifProcess, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    assert isinstance(heif.decode(HEIC, SPEC), Cell)
    variables = Path(f"/proc/{pid_of(heif)}/environ").read_bytes()
    assert b"PYTHONPATH" in variables
    assert b"AWS_" not in variables


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
