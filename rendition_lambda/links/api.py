"""What a link allows its holder: sign one file after another. Edge (its parts).

Each answer is a value for the page; each refusal is a sentence for the person in front of it. A
request names a file, never a key or an upload: those are the server's (`Reservation`).
"""

from __future__ import annotations

from collections.abc import Callable
from http import HTTPStatus

import msgspec

from rendition_lambda.lifecycle import iso_ms
from rendition_lambda.links.link_item import Link, Reservation
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import NoLinkError, Terms
from rendition_lambda.recipe import AUGMENTATION, MEGABYTE, RENDITIONS
from rendition_lambda.uploading.request import (
    Upload,
    UploadRefusedError,
    UploadRequest,
    accept,
    upload_key,
)
from rendition_lambda.uploading.signed import PART_BYTES, PartsUpload, SignedPart, missing
from rendition_lambda.uploading.signer import UploadExistsError, UploadGoneError, UploadSigner

MAX_PARTS_AT_ONCE = 32
_SPOILED = "this link does not work: check that it was copied whole, or ask for another one"


class LinkRefusedError(UploadRefusedError):
    """The link does not allow it any more, or is none."""

    status = HTTPStatus.FORBIDDEN


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a link still allows."""

    id: str
    """As whoever issued it sees it; the page remembers by it what it has begun."""
    gallery: str | None
    expires_at: int
    files_left: int
    bytes_left: int
    max_file_bytes: int


class BegunParts(msgspec.Struct, frozen=True, kw_only=True):
    """An upload: which of its parts are still to be sent."""

    part_bytes: int
    missing: tuple[int, ...]


class LinkApi:
    """Answers the requests of a link's page."""

    def __init__(
        self, key: LinkKey, table: LinkTable, signer: UploadSigner, clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._key, self._table = key, table
        self._signer, self._clock = signer, clock

    def describe(self, text: str) -> Offer:
        """Return what a link still allows; raises `LinkRefusedError`, as all methods do."""
        terms = self._terms(text)
        link = self._live(terms)
        recipe = AUGMENTATION if terms.gallery is None else RENDITIONS
        return Offer(
            id=terms.id,
            gallery=terms.gallery,
            expires_at=terms.expires_at,
            files_left=max(terms.max_files - link.files, 0),
            bytes_left=max(terms.max_bytes - link.bytes, 0),
            max_file_bytes=recipe.max_bytes,
        )

    def begin(self, text: str, request: UploadRequest, modified_ms: int) -> BegunParts:
        """Count a file and begin its upload; a file that was counted before is resumed.

        The gallery of `request` is that of the link. Also small files are sent as a part, so that
        the function, which reads no object, knows what has become one (`complete`). Name, size and
        time of its last change tell a file from another one.
        """
        terms = self._terms(text)
        upload = accept(msgspec.structs.replace(request, gallery=terms.gallery, replace=False))
        reserved = self._table.reservation(terms, upload.key)
        if reserved is not None and reserved.is_stored:
            self._live(terms)
            if not reserved.is_of(upload.bytes, modified_ms):
                msg = f"another file named {request.name[:80]} was uploaded already"
                raise UploadExistsError(msg)
            return BegunParts(part_bytes=PART_BYTES, missing=())
        reserved = self._reserve(terms, upload, reserved)
        resumed = self._resume(upload, modified_ms, reserved)
        return resumed or self._begin_parts(terms, upload, modified_ms)

    def sign_parts(self, text: str, name: str, numbers: tuple[int, ...]) -> tuple[SignedPart, ...]:
        """Sign parts of an upload that was begun."""
        if len(numbers) > MAX_PARTS_AT_ONCE:
            msg = f"{len(numbers)} parts at once; at most {MAX_PARTS_AT_ONCE} are signed"
            raise UploadRefusedError(msg)
        terms = self._terms(text)
        self._live(terms)
        return self._signer.sign_parts(_parts_of(self._reserved(terms, name), name), numbers)

    def complete(self, text: str, name: str) -> None:
        """Make the object of its parts. Safe to call again."""
        terms = self._terms(text)
        self._live(terms)
        reserved = self._reserved(terms, name)
        if not reserved.is_stored:
            self._signer.complete(_parts_of(reserved, name))
            self._table.set_stored(terms, reserved.key, iso_ms(self._clock()))

    def abort(self, text: str, name: str) -> None:
        """Remove the parts of a file that is not to be uploaded; it stays counted."""
        terms = self._terms(text)
        reserved = self._reserved(terms, name)
        if not reserved.is_stored:
            self._signer.abort(_parts_of(reserved, name))
            self._table.remove_parts(terms, reserved.key)

    def _terms(self, text: str) -> Terms:
        try:
            terms = self._key.read(text)
        except NoLinkError as error:
            raise LinkRefusedError(_SPOILED) from error
        if terms.expires_at <= self._clock():
            msg = "this link has expired: ask for another one"
            raise LinkRefusedError(msg)
        return terms

    def _live(self, terms: Terms) -> Link:
        link = self._table.load(terms.id)
        if link is None or link.is_revoked:
            msg = "this link was withdrawn"
            raise LinkRefusedError(msg)
        return link

    def _reserve(self, terms: Terms, upload: Upload, reserved: Reservation | None) -> Reservation:
        """Return the reservation of a file, counting what it does not have yet."""
        if reserved is None:
            self._count(terms, 1, upload.bytes)
            if self._table.reserve(terms, upload.key, upload.bytes):
                return Reservation(key=upload.key, bytes=upload.bytes)
            # Another request for the same file was faster.
            return self._reserve(terms, upload, self._table.reservation(terms, upload.key))
        if upload.bytes > reserved.bytes:
            self._count(terms, 0, upload.bytes - reserved.bytes)
            self._table.enlarge(terms, upload.key, reserved, upload.bytes)
            return Reservation(key=upload.key, bytes=upload.bytes)
        self._live(terms)
        return reserved

    def _count(self, terms: Terms, files: int, added_bytes: int) -> None:
        if self._table.count(terms, files, added_bytes):
            return
        link = self._live(terms)
        if link.files + files > terms.max_files:
            all_files = f"{terms.max_files:,} file{'s' if terms.max_files > 1 else ''}"
            msg = f"this link is used up: it was for {all_files}"
        else:
            left = max(terms.max_bytes - link.bytes, 0)
            msg = f"the file is too large for this link: {left / MEGABYTE:,.1f} MB are left"
        raise LinkRefusedError(msg)

    def _resume(self, upload: Upload, modified_ms: int, reserved: Reservation) -> BegunParts | None:
        parts = reserved.parts
        if parts is None:
            return None
        try:
            sent = self._signer.sent_parts(parts)
        except UploadGoneError:
            return None
        if reserved.is_of(upload.bytes, modified_ms):
            return BegunParts(part_bytes=parts.part_bytes, missing=missing(parts, sent))
        self._signer.abort(parts)  # another file of this name
        return None

    def _begin_parts(self, terms: Terms, upload: Upload, modified_ms: int) -> BegunParts:
        parts = self._signer.create(upload)
        self._table.set_parts(terms, upload.key, parts, modified_ms)
        return BegunParts(part_bytes=parts.part_bytes, missing=tuple(parts.numbers))

    def _reserved(self, terms: Terms, name: str) -> Reservation:
        reserved = self._table.reservation(terms, upload_key(terms.gallery, name))
        if reserved is None:
            raise _gone(name)
        return reserved


def _parts_of(reserved: Reservation, name: str) -> PartsUpload:
    if reserved.parts is None:
        raise _gone(name)
    return reserved.parts


def _gone(name: str) -> UploadGoneError:
    msg = f"no upload of {name[:80]} has begun: begin it again"
    return UploadGoneError(msg)
