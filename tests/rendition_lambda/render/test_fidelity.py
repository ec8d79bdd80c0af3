"""Chaining sizes costs less than 1/300 of the range against one step of LANCZOS."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
import pyvips
from numpy.typing import NDArray
from PIL import Image

from rendition_lambda.recipe import RENDITIONS
from tests.fakes.collage.images import encoded
from tests.fakes.photos.photographs import photograph
from tests.fakes.photos.pixels import psnr, unencoded


@cache
def original(width: int, height: int) -> tuple[bytes, NDArray[np.float64]]:
    """Return a photograph as a JPEG and its decoded pixels."""
    data = encoded(photograph(width, height), "JPEG", quality=95)
    image = pyvips.Image.jpegload_buffer(data)
    return data, image.numpy()


@pytest.mark.parametrize("size", [(4600, 3100), (1500, 2000)], ids=str)
def test_each_size_is_near_one_step_of_lanczos(size: tuple[int, int]) -> None:
    """Before encoding: what is encoded is compared with Pillow's resizing of the whole original."""
    data, pixels = original(*size)
    whole, found = Image.fromarray(pixels), unencoded(data, RENDITIONS)
    assert list(found) == ["large", "medium", "small", "thumbnail"]
    for name, made in found.items():
        exact = np.asarray(whole.resize(made.shape[1::-1], Image.Resampling.LANCZOS))
        assert psnr(made, exact) >= 50, name
