"""Which object keys belong to a creator. Pure.

A key belongs to a creator if it has the form that the pipeline gives the creator's objects. Other
objects whose names begin with the same letters do not: a creator's key is followed by a word of
ours and the number of the window, to the end of the name.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cached_property

import msgspec

from stream_ingest.contracts.creators import CreatorCase, creator_of
from stream_ingest.contracts.naming import creator_key

_KINDS = {
    "collages": "collages",
    "thumbnails": "thumbnails",
    "metadata": "metadata documents",
    "originals": "packs of originals",
    "processing": "image lists",
    "debug": "recorded responses",
}
COPIES = "copies by creator"
OTHER = "other objects"


class Subject:
    """The creator to erase, by name and by its key in paths and ids."""

    def __init__(
        self,
        name: str,
        creator_case: CreatorCase = CreatorCase.KEEP,
        *,
        earlier: Sequence[str] = (),
        is_earlier: bool = False,
    ) -> None:
        """Erase what is stored under this name.

        `earlier` are other names under which earlier versions stored the creator; each is erased
        as a subject of its own, for which `is_earlier` is set: lines of documents are not its.
        """
        self.name, self.key = name, creator_key(name)
        self.names = (name, *earlier)
        self._case = creator_case
        self._common = None if is_earlier else creator_of(name, self._case)

    @property
    def is_earlier(self) -> bool:
        """Whether this is an earlier name of a creator that is erased, too."""
        return self._common is None

    def is_named(self, text: object) -> bool:
        """Return whether text in a document is the creator's name, in any spelling."""
        if not isinstance(text, str) or self._common is None:
            return False
        return text == self.name or creator_of(text, self._case) == self._common

    def is_mentioned(self, body: bytes) -> bool:
        """Return whether bytes contain one of its names or keys, as text or as text in JSON."""
        return any(
            each in body
            for name in self.names
            for each in (
                name.encode(),
                creator_key(name).encode(),
                msgspec.json.encode(name)[1:-1],
            )
        )

    def owns_window(self, window_id: str | None) -> bool:
        """Return whether a window id is one of the creator's."""
        return window_id is not None and window_id.rpartition(":")[0] == self.key

    def window_of(self, key: str) -> int | None:
        """Return the number of the creator's window that an object belongs to, else None."""
        for pattern in self._patterns:
            if match := pattern.fullmatch(key):
                return int(match["number"])
        return None

    @cached_property
    def _patterns(self) -> tuple[re.Pattern[str], ...]:
        name = re.escape(self.key)
        number = r"(?P<number>[0-9]{6,12})"
        moment = r"(?:_[0-9]{8}_[0-9]{6})?"
        word = r"(?:collage|thumb|thumbnail|metadata)"
        return (
            re.compile(
                rf"(?:collages|thumbnails|metadata)/(?:.*/)?{name}_{word}{moment}_{number}\.[a-z]+",
                re.DOTALL,
            ),
            re.compile(rf"originals/{name}/{number}\.zip"),
            re.compile(rf"processing/windows/{name}/{number}\.json"),
            re.compile(rf"debug/failed-downloads/[0-9/]+/{name}/{number}/[^/]+"),
        )


def kind_of(key: str) -> str:
    """Return what an object of a creator is, for the report."""
    if key.startswith("collages/by-creator/"):
        return COPIES
    return _KINDS.get(key.partition("/")[0], OTHER)
