"""What a link allows its holder: sign one file after another. Edge (its parts).

Each answer is a value for the page; each refusal is a sentence for the person in front of it. A
request names a file, never a key or an upload: those are the server's (`Reservation`).
"""

from __future__ import annotations

from collections.abc import Callable

import msgspec

from rendition_lambda.links.link_item import Link, Reservation
from rendition_lambda.links.link_key import LinkKey
from rendition_lambda.links.link_table import LinkTable
from rendition_lambda.links.terms import NoLinkError, Terms
from rendition_lambda.recipe import AUGMENTATION, RENDITIONS
from rendition_lambda.uploading.request import (
    Upload,
    UploadRefusedError,
    UploadRequest,
    accept,
    upload_key,
)
from rendition_lambda.uploading.signed import (
    MAX_PUT_BYTES,
    PartsUpload,
    SignedPart,
    SignedPut,
    missing,
)
from rendition_lambda.uploading.signer import UploadGoneError, UploadSigner

MAX_PARTS_AT_ONCE = 32
_SPOILED = "this link does not work: check that it was copied whole, or ask for another one"


class LinkRefusedError(UploadRefusedError):
    """The link does not allow it any more, or is none."""


class Offer(msgspec.Struct, frozen=True, kw_only=True):
    """What a link still allows."""

    gallery: str | None
    expires_at: int
    files_left: int
    bytes_left: int
    max_file_bytes: int


class BegunParts(msgspec.Struct, frozen=True, kw_only=True, tag="parts"):
    """An upload in parts: which of them are still to be sent."""

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
            gallery=terms.gallery,
            expires_at=terms.expires_at,
            files_left=max(terms.max_files - link.files, 0),
            bytes_left=max(terms.max_bytes - link.bytes, 0),
            max_file_bytes=recipe.max_bytes,
        )

    def begin(self, text: str, name: str, size: int, content_type: str) -> SignedPut | BegunParts:
        """Count a file and sign it; a file that was counted before is signed again.

        An upload in parts that was interrupted is resumed.
        """
        terms = self._terms(text)
        upload = accept(
            UploadRequest(gallery=terms.gallery, name=name, bytes=size, content_type=content_type)
        )
        reserved = self._reserve(terms, upload)
        if size <= MAX_PUT_BYTES:
            return self._signer.sign_put(upload)
        return self._resume(upload, reserved) or self._begin_parts(terms, upload)

    def sign_parts(self, text: str, name: str, numbers: tuple[int, ...]) -> tuple[SignedPart, ...]:
        """Sign parts of an upload that was begun."""
        if len(numbers) > MAX_PARTS_AT_ONCE:
            msg = f"{len(numbers)} parts at once; at most {MAX_PARTS_AT_ONCE} are signed"
            raise UploadRefusedError(msg)
        terms = self._terms(text)
        self._live(terms)
        return self._signer.sign_parts(self._parts(terms, name), numbers)

    def complete(self, text: str, name: str) -> None:
        """Make the object of its parts. Safe to call again."""
        terms = self._terms(text)
        self._live(terms)
        self._signer.complete(self._parts(terms, name))

    def abort(self, text: str, name: str) -> None:
        """Remove the parts of a file that is not to be uploaded; it stays counted."""
        terms = self._terms(text)
        parts = self._parts(terms, name)
        self._signer.abort(parts)
        self._table.set_parts(terms, parts.key, None)

    def _terms(self, text: str) -> Terms:
        try:
            terms = self._key.read(text)
        except NoLinkError as error:
            raise LinkRefusedError(_SPOILED) from error
        if terms.expires_at <= self._clock():
            msg = "this link has expired"
            raise LinkRefusedError(msg)
        return terms

    def _live(self, terms: Terms) -> Link:
        link = self._table.load(terms.id)
        if link is None or link.is_revoked:
            msg = "this link was withdrawn"
            raise LinkRefusedError(msg)
        return link

    def _reserve(self, terms: Terms, upload: Upload) -> Reservation:
        """Return the reservation of a file, counting what it does not have yet."""
        reserved = self._table.reservation(terms, upload.key)
        if reserved is None:
            self._count(terms, 1, upload.bytes)
            if self._table.reserve(terms, upload.key, upload.bytes):
                return Reservation(key=upload.key, bytes=upload.bytes)
            return self._reserve(terms, upload)  # of another request for the same file
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
            msg = f"the file is too large for this link: {left / 1e6:,.1f} MB are left"
        raise LinkRefusedError(msg)

    def _resume(self, upload: Upload, reserved: Reservation) -> BegunParts | None:
        parts = reserved.parts
        if parts is None:
            return None
        try:
            sent = self._signer.sent_parts(parts)
        except UploadGoneError:
            return None
        if parts.bytes == upload.bytes:
            return BegunParts(part_bytes=parts.part_bytes, missing=missing(parts, sent))
        self._signer.abort(parts)  # another file of this name
        return None

    def _begin_parts(self, terms: Terms, upload: Upload) -> BegunParts:
        parts = self._signer.create(upload)
        self._table.set_parts(terms, upload.key, parts)
        return BegunParts(part_bytes=parts.part_bytes, missing=tuple(parts.numbers))

    def _parts(self, terms: Terms, name: str) -> PartsUpload:
        reserved = self._table.reservation(terms, upload_key(terms.gallery, name))
        if reserved is None or reserved.parts is None:
            msg = f"no upload of {name[:80]} has begun: begin it again"
            raise UploadGoneError(msg)
        return reserved.parts
