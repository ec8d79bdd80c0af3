"""Photos and limits as the page shows them. Pure."""

from __future__ import annotations

import msgspec

from rendition_lambda.extensions import ACCEPT
from rendition_lambda.names import edition
from rendition_lambda.photo_item import Photo, PhotoStatus
from rendition_lambda.places import place_of
from rendition_lambda.recipe import AUGMENTATION, FORMATS, RECIPES, RENDITIONS, Recipe
from rendition_lambda.render.rendered import PixelSource
from rendition_lambda.uploading.signed import MAX_PUT_BYTES, PART_BYTES


class OutputView(msgspec.Struct, frozen=True, kw_only=True):
    """One output of a photo."""

    name: str
    key: str
    bytes: int
    width: int
    height: int
    url: str | None
    """Address on the stack's domain; None if a link has to be presigned, without a domain or with
    one that serves signed addresses only."""


class PhotoView(msgspec.Struct, frozen=True, kw_only=True):
    """A photo with its outputs, smallest first."""

    key: str
    """Its name (`places`): the object's key, or the address of an object in another bucket."""
    gallery: str
    name: str
    status: PhotoStatus
    is_working: bool
    """Whether a function is working on it, or is to go on with it."""
    revision: int
    edition: str
    """Changes with the version and the recipe, and so with the pixels of the outputs."""
    uploaded_at: str
    processed_at: str
    updated_at: str
    bytes: int
    width: int | None
    height: int | None
    format: str
    source: PixelSource | None
    hdr: bool | None
    taken_at: str
    reason: str
    detail: str
    recipe: str
    version: str
    attempts: int
    outputs: list[OutputView]


class RecipeLimits(msgspec.Struct, frozen=True, kw_only=True):
    """What a recipe accepts and makes."""

    max_bytes: int
    outputs: list[tuple[str, int, int]]
    """Name, width and height of each output's box, smallest first."""


class Limits(msgspec.Struct, frozen=True, kw_only=True):
    """What the page checks and shows before anything is sent."""

    recipes: dict[str, RecipeLimits]
    formats: list[str]
    accept: str
    """What the dialog that chooses files offers."""
    max_put_bytes: int
    part_bytes: int


def limits() -> Limits:
    """Return the limits of both recipes, which the page does not repeat."""
    return Limits(
        recipes={recipe.name: _recipe_limits(recipe) for recipe in (RENDITIONS, AUGMENTATION)},
        formats=sorted(FORMATS),
        accept=ACCEPT,
        max_put_bytes=MAX_PUT_BYTES,
        part_bytes=PART_BYTES,
    )


def photo_view(photo: Photo, *, signed_addresses: bool = False) -> PhotoView:
    """Return what the page shows of a photo.

    `signed_addresses` says that nobody can open the addresses in its item as they are.
    """
    order = _order(RECIPES.get(photo.recipe))
    names = sorted(photo.outputs, key=lambda name: (order.get(name, len(order)), name))
    return PhotoView(
        key=photo.photo,
        gallery=photo.gallery,
        name=place_of(photo.photo, "").key.removeprefix(f"{photo.gallery}/"),
        status=photo.status,
        is_working=not photo.is_finished,
        revision=photo.revision,
        edition=edition(photo.version, photo.recipe_version),
        uploaded_at=photo.uploaded_at,
        processed_at=photo.processed_at,
        updated_at=photo.updated_at,
        bytes=photo.bytes,
        width=photo.width,
        height=photo.height,
        format=photo.format,
        source=photo.source,
        hdr=photo.hdr,
        taken_at=photo.taken_at,
        reason=photo.reason,
        detail=photo.detail,
        recipe=photo.recipe,
        version=photo.version,
        attempts=photo.attempts,
        outputs=[_output_view(photo, name, is_open=not signed_addresses) for name in names],
    )


def _output_view(photo: Photo, name: str, *, is_open: bool) -> OutputView:
    facts, url = photo.outputs[name], photo.urls.get(name, "")
    return OutputView(
        name=name,
        key=facts.key,
        bytes=facts.bytes,
        width=facts.width,
        height=facts.height,
        url=url if is_open and url.startswith("https://") else None,
    )


def _recipe_limits(recipe: Recipe) -> RecipeLimits:
    order = _order(recipe)
    outputs = sorted(recipe.outputs, key=lambda output: order[output.name])
    return RecipeLimits(
        max_bytes=recipe.max_bytes, outputs=[(each.name, *each.box) for each in outputs]
    )


def _order(recipe: Recipe | None) -> dict[str, int]:
    """Return the place of each output: smaller boxes first, then as in the recipe."""
    if recipe is None:
        return {}
    by_area = sorted(recipe.outputs, key=lambda output: output.box[0] * output.box[1])
    return {output.name: place for place, output in enumerate(by_area)}
