"""A renderer whose outputs say what they were made of."""

from __future__ import annotations

import hashlib
from pathlib import Path

from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.recipe import Output, Recipe
from rendition_lambda.render.rendered import Box, Rendered, RenderedOutput

BROKEN = b"broken"


def expected(body: bytes, output: Output, recipe: Recipe) -> bytes:
    """Return the bytes of an output."""
    return b"|".join((output.name.encode(), body, recipe.version.encode()))


class FakeRenderer:
    """Renders everything but what begins with `BROKEN`."""

    def render(self, *, source: Path, folder: Path, recipe: Recipe) -> Rendered:
        """Write the outputs of a file."""
        body = source.read_bytes()
        if body.startswith(BROKEN):
            raise PhotoError(PhotoFailure.CORRUPT, "no pixels")
        return Rendered(
            format="JPEG",
            width=4_000,
            height=3_000,
            outputs=tuple(_write(body, folder, each, recipe) for each in recipe.outputs),
        )


def _write(body: bytes, folder: Path, output: Output, recipe: Recipe) -> RenderedOutput:
    path, content = folder / output.name, expected(body, output, recipe)
    path.write_bytes(content)
    return RenderedOutput(
        name=output.name,
        path=str(path),
        bytes=len(content),
        sha256=hashlib.sha256(content).hexdigest(),
        width=400,
        height=300,
        box=Box(left=0, top=0, width=400, height=300),
        scale=0.1,
    )
