"""Endpoints of uploads that a browser sends to S3 itself: checked, signed, completed. Edge (S3).

The browser has signed URLs and no credentials. What it sends back of an upload in parts is a hint,
too: S3 knows no upload of that id but at its own key.
"""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Annotated, TypeVar

import msgspec
from aiohttp import web

from ops_dashboard.console.api.json_api import in_thread, json_response, read_json
from ops_dashboard.console.photo_access import PhotoAccess
from ops_dashboard.inspect.photo_pages import check_key
from rendition_lambda.names import gallery_of
from rendition_lambda.recipe import recipe_of
from rendition_lambda.uploading.request import UploadRefusedError, UploadRequest, accept
from rendition_lambda.uploading.signed import PartsUpload, SignedPut
from rendition_lambda.uploading.signer import UploadExistsError

MAX_FILES = 1_000
"""Files that are checked by one request."""
MAX_SIGNED = 100
"""Parts that are signed by one request."""
_MIN_PART_BYTES = 5 << 20
_MAX_PARTS = 10_000
_CLOCKS_APART = timedelta(minutes=1)
"""How far the clocks of this machine and of S3 may differ."""
T = TypeVar("T")


class CheckRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Files that may be uploaded."""

    files: Annotated[list[UploadRequest], msgspec.Meta(max_length=MAX_FILES)]


class Checked(msgspec.Struct, frozen=True, kw_only=True):
    """Why a file may not be uploaded; None if it may."""

    problem: str | None
    gallery: str | None = None
    """The gallery that it gets into."""


class Begun(msgspec.Struct, frozen=True, kw_only=True):
    """A signed upload, and what was known of the photo before it arrives."""

    upload: SignedPut | PartsUpload
    revision: int
    """Revision of the photo's item: a later one is about this upload."""
    begun_at: str


class PartsRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """An upload in parts, and which of them are to be signed."""

    upload: PartsUpload
    numbers: Annotated[list[int], msgspec.Meta(max_length=MAX_SIGNED)] = []


class StoredRequest(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A file whose upload may have been answered without the browser hearing of it."""

    key: str
    bytes: int
    begun_at: Annotated[datetime, msgspec.Meta(tz=True)]


class PhotoUploading:
    """Signs uploads of photos."""

    def __init__(self, access: PhotoAccess) -> None:
        """Sign by `access`."""
        self._access, self._service = access, access.uploads
        self._signer = access.uploads.signer

    def routes(self) -> list[web.RouteDef]:
        """Return the routes under ``/api/photos/uploads``."""
        return [
            web.post("/api/photos/uploads", self._post),
            web.post("/api/photos/uploads/check", self._post_check),
            web.post("/api/photos/uploads/parts", self._post_parts),
            web.post("/api/photos/uploads/sent", self._post_sent),
            web.post("/api/photos/uploads/complete", self._post_complete),
            web.post("/api/photos/uploads/abort", self._post_abort),
            web.post("/api/photos/uploads/stored", self._post_stored),
        ]

    async def _post_check(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, CheckRequest)
        return json_response([_check(each) for each in wanted.files])

    async def _post(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, UploadRequest)
        return await _answered(self._begin, wanted)

    async def _post_parts(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, PartsRequest)
        upload = _checked(wanted.upload)
        return await _answered(self._signer.sign_parts, upload, wanted.numbers)

    async def _post_sent(self, request: web.Request) -> web.Response:
        upload = _checked((await read_json(request, PartsRequest)).upload)
        return await _answered(self._signer.sent_parts, upload)

    async def _post_complete(self, request: web.Request) -> web.Response:
        upload = _checked((await read_json(request, PartsRequest)).upload)
        return await _answered(self._signer.complete, upload)

    async def _post_abort(self, request: web.Request) -> web.Response:
        upload = _checked((await read_json(request, PartsRequest)).upload)
        return await _answered(self._signer.abort, upload)

    async def _post_stored(self, request: web.Request) -> web.Response:
        wanted = await read_json(request, StoredRequest)
        return json_response({"stored": await in_thread(self._is_stored, wanted)})

    def _begin(self, wanted: UploadRequest) -> Begun:
        """Sign an upload; raises `UploadExistsError` before a byte is sent for nothing."""
        key = accept(wanted).key
        begun_at = datetime.now(UTC)
        if not wanted.replace and self._access.find_original(key) is not None:
            msg = f"{key} exists already"
            raise UploadExistsError(msg)
        upload = self._service.begin(wanted)
        known = self._access.pages.find([key])
        return Begun(
            upload=upload,
            revision=known[0].revision if known else 0,
            begun_at=begun_at.isoformat(),
        )

    def _is_stored(self, wanted: StoredRequest) -> bool:
        """Return whether the object at a key is the one that was just uploaded."""
        found = self._access.find_original(wanted.key)
        if found is None or found["ContentLength"] != wanted.bytes:
            return False
        return found["LastModified"] + _CLOCKS_APART >= wanted.begun_at


async def _answered(action: Callable[..., object], *arguments: object) -> web.Response:
    """Return what an action returns, or its refusal with a status that the page can tell apart."""
    try:
        return json_response(await in_thread(action, *arguments))
    except UploadRefusedError as error:
        return json_response({"error": str(error)}, status=error.status)


def _check(wanted: UploadRequest) -> Checked:
    try:
        key = accept(wanted).key
    except UploadRefusedError as error:
        return Checked(problem=str(error))
    return Checked(problem=None, gallery=gallery_of(key, recipe_of(key)))


def _checked(upload: PartsUpload) -> PartsUpload:
    """Return an upload in parts; raises `UploadRefusedError` if no server began it so."""
    recipe = recipe_of(check_key(upload.key, "key"))
    limit = recipe.max_bytes if recipe else 0
    are_parts = upload.part_bytes >= _MIN_PART_BYTES and len(upload.upload_id) > 0
    if not are_parts or not 0 < upload.bytes <= min(limit, _MAX_PARTS * upload.part_bytes):
        msg = f"{upload.key}: this upload cannot be continued, upload the file again"
        raise UploadRefusedError(msg)
    return upload
