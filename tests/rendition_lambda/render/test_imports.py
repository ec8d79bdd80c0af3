"""The decoder of a format is imported for the first photo of that format."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from ops_dashboard.local.samples.photos.dng import dng
from ops_dashboard.local.samples.photos.encoders import heic
from tests.fakes.collage.images import encoded, jpeg, picture

DECODERS = ("PIL", "numpy", "pi_heif", "rawpy")
RENDER = f"""
import sys
from rendition_lambda.recipe import RENDITIONS
from rendition_lambda.render.child import render_here
from rendition_lambda.render.messages import Job
render_here(Job(source=sys.argv[1], folder=sys.argv[2], recipe=RENDITIONS, cpu_s=60))
print(*(name for name in {DECODERS!r} if name in sys.modules))
"""
FILES = {
    "jpg": (jpeg(), []),
    "png": (encoded(picture(), "PNG"), []),
    "bmp": (encoded(picture(), "BMP"), ["PIL"]),
    "heic": (heic(picture()), ["PIL", "pi_heif"]),
    "dng": (dng(np.asarray(picture())), ["numpy", "rawpy"]),
}


@pytest.mark.parametrize("suffix", FILES)
def test_a_photo_imports_its_own_decoder_only(suffix: str, tmp_path: Path) -> None:
    data, expected = FILES[suffix]
    source = tmp_path / f"photo.{suffix}"
    source.write_bytes(data)
    command = [sys.executable, "-c", RENDER, str(source), str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)  # noqa: S603 - our own interpreter
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == expected
