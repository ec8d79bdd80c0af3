"""Which request is answered by what. Edge (its parts)."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import msgspec

from rendition_lambda.links.api import LinkApi
from rendition_lambda.links.pages import Pages
from rendition_lambda.links.requests import (
    Ask,
    AskBegin,
    AskFile,
    AskParts,
    BadRequestError,
    body_of,
    json_answer,
    path_of,
)
from rendition_lambda.links.terms import PATH
from rendition_lambda.uploading.request import UploadRefusedError, UploadRequest

_T = TypeVar("_T", bound=Ask)
_ROOT = f"/{PATH}"


class Routes:
    """Answers the requests of one function."""

    def __init__(self, api: LinkApi, pages: Pages) -> None:
        """Answer by `api` and `pages`."""
        self._api, self._pages = api, pages
        self._actions: Mapping[str, Callable[[bytes], object]] = {
            "describe": self._describe,
            "begin": self._begin,
            "parts": self._sign_parts,
            "complete": self._complete,
            "abort": self._abort,
        }

    def answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        """Return the answer to a request; raises what is no refusal."""
        try:
            return self._answer(event)
        except UploadRefusedError as error:
            return json_answer(error.status, {"error": str(error)})

    def _answer(self, event: Mapping[str, Any]) -> dict[str, Any]:
        method, path = path_of(event)
        name = path.removeprefix(_ROOT)
        if method == "POST":
            action = self._actions.get(name) if path.startswith(_ROOT) else None
            if action is None:
                raise BadRequestError(404, "not found")
            return json_answer(200, action(body_of(event)))
        if method not in {"GET", "HEAD"}:
            raise BadRequestError(405, "the method is not allowed")
        found = self._pages.find(name) if path.startswith(_ROOT) else None
        if found is None:
            raise BadRequestError(404, "not found")
        return found

    def _describe(self, body: bytes) -> object:
        return self._api.describe(_decode(body, Ask).link)

    def _begin(self, body: bytes) -> object:
        ask = _decode(body, AskBegin)
        wanted = UploadRequest(
            gallery=None, name=ask.name, bytes=ask.bytes, content_type=ask.content_type
        )
        return self._api.begin(ask.link, wanted, ask.modified)

    def _sign_parts(self, body: bytes) -> object:
        ask = _decode(body, AskParts)
        return {"parts": self._api.sign_parts(ask.link, ask.name, ask.numbers)}

    def _complete(self, body: bytes) -> object:
        ask = _decode(body, AskFile)
        self._api.complete(ask.link, ask.name)
        return {}

    def _abort(self, body: bytes) -> object:
        ask = _decode(body, AskFile)
        self._api.abort(ask.link, ask.name)
        return {}


def _decode(body: bytes, kind: type[_T]) -> _T:
    try:
        return msgspec.json.decode(body, type=kind)
    except (msgspec.MsgspecError, UnicodeDecodeError) as error:
        msg = "the request is not one of this page: reload it"
        raise BadRequestError(400, msg) from error
