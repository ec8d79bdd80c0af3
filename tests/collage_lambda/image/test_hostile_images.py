"""Windows of hostile images: real code in a process of its own, a real server, measured memory."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter
from collections.abc import Iterator, Mapping

import msgspec
import pytest
from PIL import Image

from collage_lambda.reasons import FailureReason
from tests.fakes.collage.hostile_files import answers, black_png, bodies
from tests.fakes.collage.images import encoded, jpeg, picture
from tests.fakes.collage.network import RawServer, answer
from tests.fakes.collage.window_process import Report, Task
from tests.paths import ROOT

MAX_BYTES = 400 * 1024 * 1024
WINDOW_S = 60.0
"""The window's time limit; an image that hangs is abandoned after `ATTEMPT_S`."""
ATTEMPT_S = 4.0
GOOD = "/good"
ODD_BUT_WHOLE = {
    "png of 50 megapixels",
    "apng of a million frames",
    "gif of 90 frames",
    "tiff of 24 megapixels in one strip",
    "jpeg, then html",
    "broken profile",
    "broken exif",
    "16-bit",
    "/short",  # all of the image, and less than the server promised
}
EITHER = {
    "png that inflates beyond its size",
    "png with a text of 100 MB",
    "png with a profile of 100 MB",
    "png with 50,000 chunks",
    "gif of 49 megapixels",
}
"""Whether the decoder finds enough in these is its own business; the rest of the window stays."""


@pytest.fixture
def server() -> Iterator[RawServer]:
    with RawServer() as running:
        yield running


def built(
    server: RawServer, paths: list[str], attempt_s: float = ATTEMPT_S, memory_mb: int = 10_240
) -> Report:
    base = f"127.0.0.1:{server.port}"
    task = Task(
        urls=[f"http://{base}{path}" for path in paths],
        source=base,
        window_s=WINDOW_S,
        attempt_s=attempt_s,
        memory_mb=memory_mb,
    )
    done = subprocess.run(
        [sys.executable, "-m", "tests.fakes.collage.window_process"],
        input=msgspec.json.encode(task),
        capture_output=True,
        cwd=ROOT,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr.decode()[-2_000:]
    *log, last = done.stdout.splitlines()
    report = msgspec.json.decode(last, type=Report)
    report = msgspec.structs.replace(report, log=[msgspec.json.decode(line) for line in log])
    assert report.peak_bytes < MAX_BYTES
    assert report.seconds < WINDOW_S
    return report


def test_g8_hostile_images_cost_their_own_cells_only_within_time_and_memory(
    server: RawServer,
) -> None:
    """A good image follows each hostile one: more than 35 of these, and as many of those."""
    served: Mapping[str, object] = answers()
    server.answers.update(answers())
    paths = list(served)
    assert len(paths) >= 35
    goods = [f"{GOOD}/{number}" for number in range(len(paths))]
    for number, good in enumerate(goods):
        server.answers[good] = [answer(jpeg(300, 300) + bytes([number]))]
    pairs = zip(paths, goods, strict=True)
    report = built(server, [path for pair in pairs for path in pair])
    assert report.reasons[1::2] == [""] * len(paths)
    reasons = dict(zip([*bodies(), *paths[len(bodies()) :]], report.reasons[::2], strict=True))
    assert {name for name in reasons if reasons[name] == ""} - EITHER == ODD_BUT_WHOLE
    known = {"", *FailureReason}
    assert set(reasons.values()) <= known
    assert reasons["/endless"] == reasons["/bomb"] == reasons["/huge"] == "too_large"
    assert reasons["/trickle"] == "timeout"
    assert reasons["png 20000x20000"] == "too_many_pixels"
    assert report.collage_bytes > 10_000


@pytest.mark.slow
def test_g8_35_of_the_heaviest_images_that_are_still_decoded_stay_within_memory(
    server: RawServer,
) -> None:
    """Each is close to the limit of its format, and all arrive at once."""
    heavy = [
        black_png(7_000, 7_142),
        encoded(picture(7_000, 7_000), "JPEG", quality=50),
        encoded(picture(4_900, 4_900), "JPEG", quality=50, progressive=True),
        encoded(picture(3_200, 3_200), "WEBP", quality=40, method=0),
        encoded(picture(3_600, 3_600), "AVIF", quality=40, speed=10),
        encoded(picture(4_500, 4_500), "HEIF", quality=40),
        encoded(picture(4_900, 4_900), "TIFF", compression="tiff_lzw"),
        encoded(picture(5_000, 5_000).convert("RGBA"), "PNG", compress_level=1),
    ]
    for number, data in enumerate(heavy):
        server.answers[f"/{number}"] = [answer(data)]
    report = built(server, [f"/{number % len(heavy)}" for number in range(35)], attempt_s=30)
    counts = Counter(report.reasons)
    assert counts[""] + counts["same_bytes"] + counts["too_large"] == 35
    assert counts[""] + counts["same_bytes"] >= 20


def test_a_function_of_512_mb_builds_a_window_of_35_large_images(server: RawServer) -> None:
    """Photographs of 12 megapixels, 6 MB each; what runs on Lambda besides takes 60 MB."""
    photograph = encoded(Image.effect_noise((4_032, 3_024), 40), "JPEG", quality=85)
    assert len(photograph) > 5_000_000
    for number in range(35):
        server.answers[f"/{number}"] = [answer(photograph + bytes([number]))]
    paths = [f"/{number}" for number in range(35)]
    report = built(server, paths, attempt_s=30, memory_mb=512)
    assert report.reasons == [""] * 35
    assert report.peak_bytes < (512 - 60) * 1024 * 1024
    (line,) = report.log
    assert line["message"] == "concurrency reduced: memory is too small for the settings"
    assert (line["downloads"], line["downloads_wanted"], line["decoders"]) == (19, 64, 3)
