"""The work on one claimed photo: render, refuse, skip or remove, until its object stays. Edge.

The object is looked up again before an end is recorded. If it changed meanwhile, the work starts
over with what is there then, so the end that is recorded is never that of an earlier version.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Protocol

import msgspec

from rendition_lambda import announcements, lifecycle, manifest, names
from rendition_lambda.announcements import PhotoBus
from rendition_lambda.cdn import Cdn
from rendition_lambda.lifecycle import Work, work_for
from rendition_lambda.original import Original
from rendition_lambda.photo_item import OutputFacts, Photo
from rendition_lambda.reasons import PhotoError, PhotoFailure
from rendition_lambda.recipe import Output, Recipe, recipe_of
from rendition_lambda.render.rendered import Rendered, RenderedOutput
from rendition_lambda.renditions import Renditions
from rendition_lambda.repository import PhotoChangedError, PhotoRepository
from rendition_lambda.uploads import ReplacedError, Uploads
from stream_ingest.contracts.errors import TransientError

MAX_ROUNDS = 4
"""How often one invocation begins a photo that is replaced again and again."""


class Render(Protocol):
    """Renders a file into a folder; raises `PhotoError` if that is not possible."""

    def __call__(self, source: Path, folder: Path, recipe: Recipe) -> Rendered:
        """Return the facts of the photo and of its outputs."""


@dataclass(frozen=True, kw_only=True)
class PhotoEdges:
    """What the work on photos reads and writes."""

    photos: PhotoRepository
    uploads: Uploads
    renditions: Renditions
    cdn: Cdn
    bus: PhotoBus
    render: Render
    domain: str
    """Domain of the addresses of outputs; empty for addresses in S3."""
    recipe_of: Callable[[str], Recipe | None] = recipe_of
    """Returns the recipe of a key."""


class Ending(StrEnum):
    """How a message about a photo ended."""

    CREATED = "created"
    FAILED = "failed"
    SKIPPED = "skipped"
    REMOVED = "removed"
    NOTHING = "nothing"
    """The photo was as it should be."""


class Outcome(msgspec.Struct, frozen=True, kw_only=True):
    """How a message ended, and the photo's item if there is one."""

    ending: Ending
    photo: Photo | None = None


class PhotoWork:
    """Works on one photo under its lease."""

    def __init__(
        self,
        edges: PhotoEdges,
        claimed: Photo,
        original: Original | None,
        recipe: Recipe | None,
        clock: Callable[[], float],
    ) -> None:
        """Work on a photo that was claimed, whose object was looked up before.

        `clock` gives epoch seconds.
        """
        self._edges, self._photo, self._recipe, self._clock = edges, claimed, recipe, clock
        self._original = original
        self._removals = 0

    def work(self) -> Outcome:
        """Bring the photo to its end, and announce it.

        Raises `TransientError`, after the lease was given back, if it takes another delivery.
        """
        try:
            outcome = self._work_until_current()
        except PhotoChangedError:
            raise
        except Exception as error:
            self._release(error)
            raise
        self._announce()
        return outcome

    def _work_until_current(self) -> Outcome:
        find, key = self._edges.uploads.find, self._photo.photo
        original = self._original
        for _ in range(MAX_ROUNDS):
            with suppress(ReplacedError):
                ending, ended = self._apply(original)
                latest = find(key)
                if latest == original:
                    self._save(ended)
                    return Outcome(ending=ending, photo=ended)
                original = latest
                continue
            original = find(key)
        msg = f"{key}: replaced {MAX_ROUNDS} times while it was rendered"
        raise TransientError(msg)

    def _apply(self, original: Original | None) -> tuple[Ending, Photo]:
        """Make the outputs those of an object; return the photo as it is to be written."""
        recipe = self._recipe
        if original is None:
            return Ending.REMOVED, self._remove(None)
        if recipe is None or work_for(self._photo, original, recipe) is Work.SKIP:
            return Ending.SKIPPED, self._remove(original)
        if original.bytes > recipe.max_bytes:
            detail = f"{original.bytes} bytes; {recipe.name} accepts {recipe.max_bytes}"
            return Ending.FAILED, self._fail(original, recipe, PhotoFailure.TOO_LARGE, detail)
        try:
            return Ending.CREATED, self._render(original, recipe)
        except PhotoError as error:
            return Ending.FAILED, self._fail(original, recipe, error.reason, error.detail)

    def _render(self, original: Original, recipe: Recipe) -> Photo:
        with tempfile.TemporaryDirectory(prefix="photo-") as scratch:
            suffix = names.file_suffix(original.photo)
            source, folder = Path(scratch, f"original{suffix}"), Path(scratch, "outputs")
            folder.mkdir()
            self._edges.uploads.fetch(original, source)
            rendered = self._edges.render(source, folder, recipe)
            outputs = self._store(rendered, original, recipe)
        edition = names.edition(original.version, recipe.version)
        bucket = self._edges.renditions.bucket
        ended = lifecycle.finish_active(
            self._photo,
            original,
            recipe,
            rendered,
            outputs=outputs,
            urls={
                name: names.address(bucket, self._edges.domain, facts.key, edition)
                for name, facts in outputs.items()
            },
            now_s=self._clock(),
        )
        if recipe.manifest:
            *_, key = ended.keys
            lines = manifest.encode(manifest.lines_of(ended))
            self._edges.renditions.store_manifest(key, lines, original, recipe)
        return lifecycle.announce(ended, announcements.created(ended, bucket))

    def _store(
        self, rendered: Rendered, original: Original, recipe: Recipe
    ) -> dict[str, OutputFacts]:
        """Store the outputs, and remove those that an earlier recipe left."""
        photo = self._photo
        stem = self._edges.photos.claim_name(recipe, photo)
        keys = names.stored_keys(recipe, photo.gallery, stem)
        if (photo.stem, set(photo.keys) >= set(keys)) != (stem, True):
            self._save(lifecycle.begin(photo, stem, keys))
        self._check_lease()
        outputs = {each.name: each for each in recipe.outputs}
        by_name = {
            name: names.output_key(each, photo.gallery, stem) for name, each in outputs.items()
        }
        files = {by_name[each.name]: Path(each.path) for each in rendered.outputs}
        self._edges.renditions.store(files, original, recipe)
        self._remove_outputs(key for key in self._photo.keys if key not in keys)
        return {
            each.name: _facts(each, by_name[each.name], outputs[each.name], recipe)
            for each in rendered.outputs
        }

    def _fail(self, original: Original, recipe: Recipe, reason: PhotoFailure, detail: str) -> Photo:
        self._check_lease()
        self._remove_outputs(self._photo.keys)
        ended = lifecycle.finish_failed(
            self._photo, original, recipe, reason=reason, detail=detail, now_s=self._clock()
        )
        return lifecycle.announce(ended, announcements.failed(ended))

    def _remove(self, original: Original | None) -> Photo:
        """Remove the outputs of a photo that is gone, or that `original` replaced."""
        self._check_lease()
        self._remove_outputs(self._photo.keys)
        before, now_s = self._photo, self._clock()
        if original is None:
            ended = lifecycle.finish_deleted(before, now_s)
        else:
            ended = lifecycle.finish_skipped(before, original, now_s)
        if not before.outputs:  # nothing was ever announced
            return ended
        return lifecycle.announce(ended, announcements.removed(before, original))

    def _remove_outputs(self, keys: Iterable[str]) -> None:
        """Delete outputs, then the CDN's copies: while an output is there, the CDN may copy it.

        A photo that is worked on again is claimed by another owner, and invalidates again.
        """
        removed = tuple(keys)
        self._edges.renditions.remove(removed)
        self._removals += 1
        self._edges.cdn.invalidate(removed, f"{self._photo.owner}/{self._removals}")

    def _check_lease(self) -> None:
        """Raise `PhotoChangedError` if the lease is over. Call before outputs are changed."""
        if self._clock() > self._photo.lease_until:
            msg = f"{self._photo.photo}: the lease was over before the photo was rendered"
            raise PhotoChangedError(msg)

    def _save(self, photo: Photo) -> None:
        self._edges.photos.save(photo)
        self._photo = photo

    def _announce(self) -> None:
        """Put the end's event on the bus, and record that."""
        if self._photo.outbox is None:
            return
        self._edges.bus.put(self._photo.outbox)
        with suppress(PhotoChangedError):  # whoever wrote the item since has announced it first
            self._save(lifecycle.announced(self._photo, self._photo.owner, self._clock()))

    def _release(self, error: Exception) -> None:
        """Give the lease back; if that fails, it ends by itself."""
        with suppress(TransientError):
            self._save(lifecycle.release(self._photo, self._clock(), str(error)))


def _facts(output: RenderedOutput, key: str, ordered: Output, recipe: Recipe) -> OutputFacts:
    """Return what the item says of an output; how labels are mapped where somebody may need it."""
    is_mapped = bool(recipe.manifest) or ordered.fit != "inside"
    return OutputFacts(
        key=key,
        bytes=output.bytes,
        width=output.width,
        height=output.height,
        sha256=output.sha256,
        box=output.box if is_mapped else None,
        scale=output.scale if is_mapped else None,
        angle=ordered.rotate,
        flip=ordered.flip,
        crop=output.crop,
    )
