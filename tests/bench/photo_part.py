"""Render one file in a process of its own: ``python -m tests.bench.photo_part FILE RECIPE``.

Writes the process's peak memory in MB.
"""

from __future__ import annotations

import sys
import tempfile
from pathlib import Path

import msgspec

from imaging.process_setup import configure_malloc
from rendition_lambda.recipe import RECIPES, Recipe
from rendition_lambda.render.child import render_here
from rendition_lambda.render.messages import Job
from rendition_lambda.render.rendered import Rendered
from tests.bench.measure import peak_mb


def render(path: Path, recipe: Recipe, folder: Path) -> Rendered:
    """Render a file as the child process does."""
    return render_here(Job(source=str(path), folder=str(folder), recipe=recipe, cpu_s=60))


if __name__ == "__main__":
    configure_malloc()
    with tempfile.TemporaryDirectory() as name:
        render(Path(sys.argv[1]), RECIPES[sys.argv[2]], Path(name))
    sys.stdout.buffer.write(msgspec.json.encode(peak_mb()))
