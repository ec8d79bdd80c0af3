"""The life cycle of a photo: which work it needs, and what each move changes. Pure.

::

    (no item), pending ── expect ─► pending
    (no item), pending ── claim ──► processing ─┬─ render ──► active
    failed, skipped, deleted ────────┘          ├─ refuse ──► failed
    active ── claim ──► active, with a lease ───┼─ skip ────► skipped
                                                └─ remove ──► deleted
    any of these, with a lease ── release ──► the same, with a lease that is over

Every move is one put of the whole item under the condition that nobody wrote it since it was read
(`revision`). So whoever holds a lease that is over writes nothing once another has claimed it.

At the last receipt of its message a claim writes ``failed`` with the reason ``crashed`` and the
event that says so, which the end of the work replaces: a function that is killed leaves no photo
that is processed for ever, and the sweep announces it. Such an item is not finished, so that the
next message about it renders it all the same.
"""

from __future__ import annotations

from enum import StrEnum

from msgspec.structs import replace

from rendition_lambda import names
from rendition_lambda.original import Original
from rendition_lambda.photo_item import Announcement, OutputFacts, Photo, PhotoStatus
from rendition_lambda.reasons import PhotoFailure
from rendition_lambda.recipe import Recipe
from rendition_lambda.render.rendered import Rendered
from stream_ingest.contracts.errors import TransientError
from stream_ingest.contracts.timestamps import from_epoch_ms

DELETED_LIFE_S = 30 * 86_400
"""How long the item of a deleted photo stays."""
PENDING_LIFE_S = 86_400
"""How long the item of a photo stays whose upload was signed and which never arrived."""
_MAX_DETAIL = 500
_LAST_ATTEMPT = "the function ended before it could record an end, each time it was tried"


class PhotoLeasedError(TransientError):
    """Another worker holds the photo's lease until epoch second `until_s`."""

    def __init__(self, key: str, until_s: int) -> None:
        """Describe the lease of a photo."""
        super().__init__(f"{key} is being processed by another worker")
        self.until_s = until_s


class Work(StrEnum):
    """What a photo needs so that its outputs are those of its version and its recipe."""

    NOTHING = "nothing"
    RENDER = "render"
    REFUSE = "refuse"
    """Its file is larger than its recipe accepts."""
    SKIP = "skip"
    REMOVE = "remove"


def work_for(
    photo: Photo | None, original: Original | None, recipe: Recipe | None, *, again: bool = False
) -> Work:
    """Return what a photo needs, given its item and its object, either of which may be missing.

    `again` also renders what has ended with this version and recipe.
    """
    if original is None:
        is_gone = photo is None or photo.status in {PhotoStatus.PENDING, PhotoStatus.DELETED}
        return Work.NOTHING if is_gone else Work.REMOVE
    is_same = photo is not None and photo.is_finished and photo.version == original.version
    if recipe is None or original.bytes == 0:
        is_skipped = photo is not None and is_same and photo.status is PhotoStatus.SKIPPED
        nothing = is_skipped or (photo is None and recipe is not None)
        return Work.NOTHING if nothing else Work.SKIP
    ended = photo is not None and photo.status in {PhotoStatus.ACTIVE, PhotoStatus.FAILED}
    if photo and is_same and ended and photo.recipe_version == recipe.version and not again:
        return Work.NOTHING
    return Work.REFUSE if original.bytes > recipe.max_bytes else Work.RENDER


def expect(photo: Photo | None, *, gallery: str, key: str, now_s: float) -> Photo:
    """Return a photo whose upload was signed: pending, and forgotten after a day.

    `photo` is None or pending; the table knows more about any other.
    """
    before = photo or Photo(gallery=gallery, photo=key, status=PhotoStatus.PENDING)
    signed = _written(before, "", now_s)
    return replace(
        signed,
        uploaded_at=before.uploaded_at or iso_ms(now_s),
        expires_at=int(now_s) + PENDING_LIFE_S,
    )


def last_try(original: Original | None, recipe: Recipe | None) -> str:
    """Return what identifies the last try to render a version with a recipe."""
    return names.edition(original.version if original else "", recipe.version if recipe else "")


def has_ended_in(photo: Photo | None, run: str) -> bool:
    """Return whether a photo has ended for a request of `run`, or since."""
    return photo is not None and photo.is_finished and bool(run) and photo.run == run


def is_hopeless(photo: Photo, original: Original, recipe: Recipe | None) -> bool:
    """Return whether a photo has failed for good: another try would only end in the same way.

    It has ended as failed with this version and recipe, or killed the function at each receipt.
    """
    if photo.status is not PhotoStatus.FAILED or recipe is None:
        return False
    if not photo.is_finished:
        return bool(photo.tried) and photo.tried == last_try(original, recipe)
    return (photo.version, photo.recipe_version) == (original.version, recipe.version)


def claim(  # noqa: PLR0913 - who claims what, when and for how long
    photo: Photo | None,
    *,
    gallery: str,
    key: str,
    uploaded_at: str = "",
    owner: str,
    now_s: float,
    lease_s: float,
    run: str = "",
    last_try: str | None = None,
) -> Photo:
    """Return a photo under the lease of `owner`; raises `PhotoLeasedError` if another holds it.

    An active photo stays active while it is rendered again, except at its message's last receipt,
    when `last_try` is given. `uploaded_at` is when the object that is about to be worked on was
    uploaded, "" if it is gone.
    """
    if photo is not None and photo.lease_until > now_s and photo.owner != owner:
        raise PhotoLeasedError(key, photo.lease_until)
    before = photo or Photo(gallery=gallery, photo=key, status=PhotoStatus.PROCESSING)
    claimed = replace(
        _written(before, owner, now_s),
        status=before.status if before.status is PhotoStatus.ACTIVE else PhotoStatus.PROCESSING,
        uploaded_at=uploaded_at or before.uploaded_at,
        lease_until=int(now_s + lease_s),
        attempts=1 if before.is_finished else before.attempts + 1,
        reason="",
        detail="",
        expires_at=None,
        run=run or before.run,
        tried="",
        outbox=None,
    )
    if last_try is None:
        return claimed
    return replace(
        claimed,
        status=PhotoStatus.FAILED,
        reason=str(PhotoFailure.CRASHED),
        detail=_LAST_ATTEMPT,
        tried=last_try,
    )


def begin(photo: Photo, stem: str, keys: tuple[str, ...]) -> Photo:
    """Return a photo that lists the objects which are about to be written; no index changes."""
    every = tuple(dict.fromkeys((*photo.keys, *keys)))
    return replace(photo, revision=photo.revision + 1, stem=stem, keys=every)


def finish_active(  # noqa: PLR0913 - everything that the item says of a photo
    photo: Photo,
    original: Original,
    recipe: Recipe,
    rendered: Rendered,
    *,
    outputs: dict[str, OutputFacts],
    urls: dict[str, str],
    now_s: float,
) -> Photo:
    """Return a photo whose outputs are stored."""
    done = _ended(photo, original, recipe, now_s)
    return replace(
        done,
        status=PhotoStatus.ACTIVE,
        keys=names.stored_keys(recipe, photo.gallery, photo.stem),
        outputs=outputs,
        urls=urls,
        width=rendered.width,
        height=rendered.height,
        format=rendered.format,
        source=rendered.source,
        hdr=rendered.hdr,
        taken_at=rendered.taken_at or "",
        processed_at=done.updated_at,
    )


def finish_failed(  # noqa: PLR0913 - what failed, when and why
    photo: Photo,
    original: Original,
    recipe: Recipe,
    *,
    reason: PhotoFailure,
    detail: str,
    now_s: float,
) -> Photo:
    """Return a photo that cannot be rendered and whose former outputs were removed."""
    done = _ended(photo, original, recipe, now_s)
    return replace(
        done,
        status=PhotoStatus.FAILED,
        reason=str(reason),
        detail=detail[:_MAX_DETAIL],
        processed_at=done.updated_at,
    )


def finish_skipped(photo: Photo, original: Original, now_s: float) -> Photo:
    """Return an object that is no photo, and whose former outputs were removed."""
    return replace(_ended(photo, original, None, now_s), status=PhotoStatus.SKIPPED)


def finish_deleted(photo: Photo, now_s: float) -> Photo:
    """Return a photo whose original is gone and whose outputs were removed.

    It keeps its version, which is what was removed, and its stem.
    """
    return replace(
        _without_outputs(_written(photo, photo.owner, now_s)),
        status=PhotoStatus.DELETED,
        lease_until=0,
        reason="",
        detail="",
        expires_at=int(now_s) + DELETED_LIFE_S,
    )


def release(photo: Photo, now_s: float, because: str) -> Photo:
    """Return a photo whose lease is over: its message is to be delivered again.

    It stays unfinished, so that whoever claims it next does the work again.
    """
    released = replace(_written(photo, photo.owner, now_s), lease_until=int(now_s))
    if released.status is PhotoStatus.FAILED:  # at the last receipt
        return replace(released, detail=because[:_MAX_DETAIL], tried="")
    return released


def announce(photo: Photo, announcement: Announcement) -> Photo:
    """Return a photo with an event that is to be put on the bus once the photo is written."""
    return replace(photo, outbox=announcement)


def announced(photo: Photo, owner: str, now_s: float) -> Photo:
    """Return a photo whose event is on the bus."""
    return replace(_written(photo, owner, now_s), updated_at=photo.updated_at, outbox=None)


def iso_ms(epoch_s: float) -> str:
    """Return a time as ``2026-11-29T10:11:12.345Z``."""
    moment = from_epoch_ms(round(1_000 * epoch_s))
    return moment.isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _written(photo: Photo, owner: str, now_s: float) -> Photo:
    return replace(photo, revision=photo.revision + 1, owner=owner, updated_at=iso_ms(now_s))


def _ended(photo: Photo, original: Original, recipe: Recipe | None, now_s: float) -> Photo:
    """Return a photo that has ended with a version, without what depends on its outcome."""
    return replace(
        _without_outputs(_written(photo, photo.owner, now_s)),
        lease_until=0,
        version=original.version,
        etag=original.etag,
        bytes=original.bytes,
        uploaded_at=original.uploaded_at,
        recipe=recipe.name if recipe else "",
        recipe_version=recipe.version if recipe else "",
        reason="",
        detail="",
        tried="",
    )


def _without_outputs(photo: Photo) -> Photo:
    return replace(
        photo,
        keys=(),
        outputs={},
        urls={},
        width=None,
        height=None,
        format="",
        source=None,
        hdr=None,
        taken_at="",
    )
