"""Chaining sizes costs less than 1/300 of the range against one step of LANCZOS."""

from __future__ import annotations

from functools import cache
from pathlib import Path

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from rendition_lambda.recipe import RENDITIONS
from rendition_lambda.render import outputs
from rendition_lambda.render.decode import open_preview
from rendition_lambda.render.outputs import largest
from tests.fakes.collage.images import encoded
from tests.fakes.photos.photographs import photograph


@cache
def original(width: int, height: int) -> tuple[bytes, NDArray[np.float64]]:
    """Return a photograph as a JPEG and its decoded pixels."""
    data = encoded(photograph(width, height), "JPEG", quality=95)
    image = pyvips.Image.jpegload_buffer(data)
    return data, image.numpy()


def psnr(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    error = ((one.astype(float) - other.astype(float)) ** 2).mean()
    return float(10 * np.log10(255**2 / max(error, 1e-9)))


@pytest.mark.parametrize("size", [(4600, 3100), (1500, 2000)], ids=str)
def test_each_size_is_near_one_step_of_lanczos(
    size: tuple[int, int], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Before encoding: what is encoded is compared with Pillow's resizing of the whole original."""
    found: dict[str, NDArray[np.uint8]] = {}
    write = outputs._write  # noqa: SLF001 - it gets the pixels before they are encoded

    def recorded(pixels, picture, output, folder):  # type: ignore[no-untyped-def]  # noqa: ANN001, ANN202
        found[output.name] = pixels.numpy()
        return write(pixels, picture, output, folder)

    monkeypatch.setattr(outputs, "_write", recorded)
    data, pixels = original(*size)
    picture = open_preview(data, 50, lambda each: largest(each, RENDITIONS))
    outputs.write_outputs(picture, RENDITIONS, tmp_path)
    whole = Image.fromarray(pixels)
    assert list(found) == ["large", "medium", "small", "thumbnail"]
    for name, made in found.items():
        height, width = made.shape[:2]
        exact = np.asarray(whole.resize((width, height), Image.Resampling.LANCZOS))
        assert psnr(made, exact) >= 50, name
