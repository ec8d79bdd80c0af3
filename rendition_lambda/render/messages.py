"""What the parent and the child process send each other. Pure."""

from __future__ import annotations

import msgspec

from rendition_lambda.reasons import PhotoFailure
from rendition_lambda.recipe import Recipe
from rendition_lambda.render.rendered import Rendered


class Job(msgspec.Struct, frozen=True, kw_only=True):
    """One photo to render."""

    source: str
    folder: str
    recipe: Recipe
    cpu_s: float
    """Processor time after which the kernel ends the child."""


class Refusal(msgspec.Struct, frozen=True, array_like=True):
    """Why a photo has no outputs."""

    reason: PhotoFailure
    detail: str = ""


class Answer(msgspec.Struct, frozen=True, kw_only=True):
    """A rendered photo, or why it is not rendered."""

    rendered: Rendered | None = None
    refusal: Refusal | None = None
