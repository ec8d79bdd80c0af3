"""Uploads as a server with the table offers them: signed, and recorded as pending. Edge."""

from __future__ import annotations

from collections.abc import Callable

from rendition_lambda.lifecycle import expect
from rendition_lambda.names import item_key_of
from rendition_lambda.photo_item import PhotoStatus
from rendition_lambda.repository import PhotoChangedError, PhotoRepository
from rendition_lambda.uploading.request import UploadRequest, accept
from rendition_lambda.uploading.signed import PartsUpload, SignedPut
from rendition_lambda.uploading.signer import UploadSigner


class UploadService:
    """Begins uploads; `signer` has all other steps of those in parts."""

    def __init__(
        self, signer: UploadSigner, photos: PhotoRepository, clock: Callable[[], float]
    ) -> None:
        """Record uploads in `photos`; `clock` gives epoch seconds."""
        self.signer, self._photos, self._clock = signer, photos, clock

    def begin(self, request: UploadRequest) -> SignedPut | PartsUpload:
        """Record an upload as pending and sign it; raises `UploadRefusedError`.

        A name that is taken is refused by S3 when the file is sent (`SignedPut`), not here.
        """
        upload = accept(request)
        self._expect(upload.key)
        return self.signer.begin(upload)

    def _expect(self, key: str) -> None:
        """Record that a photo is about to arrive, unless the table knows more about it."""
        gallery, _ = item_key_of(key)
        known = self._photos.load(gallery, key)
        if known is not None and known.status is not PhotoStatus.PENDING:
            return
        try:
            self._photos.save(expect(known, gallery=gallery, key=key, now_s=self._clock()))
        except PhotoChangedError:
            return  # signed elsewhere, too, or it has arrived: either is recorded
