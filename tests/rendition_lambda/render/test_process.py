from __future__ import annotations

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS
from rendition_lambda.render import process
from rendition_lambda.render.process import RenderProcess
from rendition_lambda.render.rendered import Box, PixelSource
from tests.fakes.collage.images import encoded, jpeg, picture


@pytest.fixture(scope="module")
def renderer() -> Iterator[RenderProcess]:
    running = RenderProcess()
    yield running
    running.close()


@pytest.fixture
def photo(tmp_path: Path) -> Path:
    path = tmp_path / "photo.jpg"
    path.write_bytes(jpeg(900, 600))
    return path


def pid_of(running: RenderProcess) -> int:
    child = running._child  # noqa: SLF001 - the test needs its process
    assert child is not None
    return child.process.pid


def test_a_photo_becomes_its_four_renditions(
    renderer: RenderProcess, photo: Path, tmp_path: Path
) -> None:
    found = renderer.render(photo, tmp_path, RENDITIONS)
    assert (found.format, found.width, found.height, found.source) == (
        "JPEG",
        900,
        600,
        PixelSource.IMAGE,
    )
    assert [(each.name, each.width, each.height) for each in found.outputs] == [
        ("large", 900, 600),
        ("medium", 900, 600),
        ("small", 800, 533),
        ("thumbnail", 400, 267),
    ]
    for each in found.outputs:
        data = Path(each.path).read_bytes()
        assert Path(each.path).parent == tmp_path
        assert len(data) == each.bytes


def test_an_image_becomes_its_square_and_its_rotations(
    renderer: RenderProcess, photo: Path, tmp_path: Path
) -> None:
    outputs = renderer.render(photo, tmp_path, AUGMENTATION).outputs
    assert [(each.name, each.box) for each in outputs] == [
        ("256x256", Box(0, 42, 256, 171)),
        ("90-degree", Box(43, 0, 171, 256)),
        ("180-degree", Box(0, 43, 256, 171)),
        ("270-degree", Box(42, 0, 171, 256)),
        ("360-degree", Box(0, 42, 256, 171)),
    ]
    assert {(each.width, each.height) for each in outputs} == {(256, 256)}
    assert {each.scale for each in outputs} == {256 / 900}
    assert outputs[0].sha256 == outputs[4].sha256


def test_one_process_renders_many_photos_and_a_failure_leaves_it_alone(
    renderer: RenderProcess, photo: Path, tmp_path: Path
) -> None:
    renderer.render(photo, tmp_path, AUGMENTATION)
    first = pid_of(renderer)
    text = tmp_path / "text.jpg"
    text.write_text("no image")
    with pytest.raises(PhotoError) as caught:
        renderer.render(text, tmp_path, AUGMENTATION)
    assert caught.value.reason is PhotoFailure.NOT_AN_IMAGE
    renderer.render(photo, tmp_path, AUGMENTATION)
    assert pid_of(renderer) == first


def test_a_child_is_replaced_after_many_photos(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(process, "_MAX_PHOTOS", 2)
    running = RenderProcess()
    pids = []
    for _ in range(3):
        running.render(photo, tmp_path, AUGMENTATION)
        pids.append(pid_of(running))
    running.close()
    assert [pids[0] == pid for pid in pids] == [True, True, False]


def test_the_process_has_no_credentials_and_gets_no_privileges(
    photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "secret")
    running = RenderProcess()
    running.render(photo, tmp_path, AUGMENTATION)
    proc = Path(f"/proc/{pid_of(running)}")
    variables = (proc / "environ").read_bytes().rstrip(b"\0").split(b"\0")
    names = {variable.partition(b"=")[0].decode() for variable in variables}
    status, limits = (proc / "status").read_text(), (proc / "limits").read_text()
    running.close()
    ours = {"VIPS_CONCURRENCY", "MALLOC_ARENA_MAX", "OPENBLAS_NUM_THREADS", "TZ", "PYTHONPATH"}
    assert ours <= names <= ours | {"PATH", "LD_LIBRARY_PATH"}
    assert "NoNewPrivs:\t1\n" in status
    assert "Max address space         1468006400" in limits
    assert "Max core file size        0" in limits


def test_a_child_that_an_earlier_photo_broke_is_replaced(photo: Path, tmp_path: Path) -> None:
    running = RenderProcess()
    running.render(photo, tmp_path, AUGMENTATION)
    os.kill(pid_of(running), signal.SIGSEGV)
    assert running.render(photo, tmp_path, AUGMENTATION).outputs
    running.close()


ENDINGS = {
    "import os; os.abort()": "crashed: the decoder's process ended with -6",
    "import sys; sys.exit('x')": "crashed: the decoder's process ended with 1",
    "print('no answer')": "crashed: the decoder's process ended with 0",
    "import time; time.sleep(60)": "timed_out: the decoder's process took too long",
    "import os; os.kill(os.getpid(), 24)": "timed_out: the decoder's process ended with -24",
    """import os, sys, time
os.write(int(sys.argv[1]), bytes(3))
time.sleep(60)""": "timed_out: the decoder's process took too long",
    """import sys
from multiprocessing.connection import Connection
parent = Connection(int(sys.argv[1]))
parent.recv_bytes()
parent.send_bytes(b"?")
parent.recv_bytes()""": "crashed: the decoder's process ended with -9",
}
"""By program of the child; 24 is SIGXCPU, the kernel's answer to too much processor time."""


@pytest.mark.parametrize("program", ENDINGS)
def test_a_photo_that_breaks_its_process_fails_with_its_reason(
    program: str, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    started: list[subprocess.Popen[bytes]] = []
    start = process._start  # noqa: SLF001 - the real one, recorded

    def recorded_start() -> object:
        child = start()
        started.append(child.process)
        return child

    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))
    monkeypatch.setattr(process, "_start", recorded_start)
    running = RenderProcess(limit_s=2.0)
    with pytest.raises(PhotoError) as caught:
        running.render(photo, tmp_path, RENDITIONS)
    assert str(caught.value) == ENDINGS[program]
    assert [child.returncode is None for child in started] == [False]


@pytest.mark.parametrize("trick", ["another path", "a symbolic link", "one output less"])
def test_a_child_that_was_taken_over_cannot_have_other_files_published(
    trick: str, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    program = f"""
import os
from pathlib import Path
import msgspec
from rendition_lambda.render import child
render = child.render_here
def taken_over(job):
    rendered = render(job)
    first, *others = rendered.outputs
    if {trick!r} == "another path":
        first = msgspec.structs.replace(first, path="/proc/self/environ")
    elif {trick!r} == "a symbolic link":
        os.unlink(first.path)
        os.symlink("/proc/self/environ", first.path)
    else:
        return msgspec.structs.replace(rendered, outputs=others)
    return msgspec.structs.replace(rendered, outputs=(first, *others))
child.render_here = taken_over
child.main()
"""
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))
    running = RenderProcess()
    with pytest.raises(PhotoError) as caught:
        running.render(photo, tmp_path, AUGMENTATION)
    running.close()
    assert str(caught.value) == "crashed: an answer that does not fit the recipe"


def test_an_image_that_needs_more_memory_than_there_is_fails_as_a_crash(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """With a child that may have less than the decoder of this WebP takes."""
    source = tmp_path / "large.webp"
    source.write_bytes(encoded(picture(90, 70).resize((9_000, 9_000)), "WEBP", method=0))
    program = (
        "from rendition_lambda.render import child; child.MEMORY_BYTES = 300_000_000; child.main()"
    )
    monkeypatch.setattr(process, "_COMMAND", (sys.executable, "-c", program))
    running = RenderProcess()
    with pytest.raises(PhotoError) as caught:
        running.render(source, tmp_path, AUGMENTATION)
    running.close()
    assert caught.value.reason is PhotoFailure.CRASHED


def test_closing_ends_the_process(photo: Path, tmp_path: Path) -> None:
    running = RenderProcess()
    running.close()
    running.render(photo, tmp_path, AUGMENTATION)
    pid = pid_of(running)
    running.close()
    assert not Path(f"/proc/{pid}").exists()
