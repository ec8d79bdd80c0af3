"""Decodes the lines of a file that does not say its encoding: UTF-8 or Windows-1252. Pure.

The choice is made for the whole file, at its first byte that is not ASCII: up to there both give
the same text, so nothing has to be read again. If that line is not valid UTF-8, the rest of the
file is searched. A file with more valid UTF-8 characters than other bytes is UTF-8 with a few
broken values, any other is Windows-1252, which Excel writes on Windows in Western countries.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable

TEXT_ERRORS = "surrogateescape"
UTF_8, WINDOWS_1252 = "utf-8", "cp1252"
_CHARACTER = re.compile(
    rb"[\xc2-\xdf][\x80-\xbf]|[\xe0-\xef][\x80-\xbf]{2}|[\xf0-\xf4][\x80-\xbf]{3}"
)
_NOT_ASCII = re.compile(rb"[\x80-\xff]")


class LineDecoder:
    """Decodes lines; `encoding` is None as long as all of them are ASCII."""

    def __init__(
        self, whole_file: Callable[[], Iterable[bytes]], encoding: str | None = None
    ) -> None:
        """Decide by the blocks of `whole_file`, unless the encoding is known."""
        self._whole_file = whole_file
        self.encoding = encoding

    def decode(self, line: bytes) -> str:
        """Return a line's text; bytes that are invalid become lone surrogates."""
        if self.encoding is None:
            if line.isascii():
                return line.decode("ascii")
            self.encoding = self._choose(line)
        return line.decode(self.encoding, TEXT_ERRORS)

    def _choose(self, line: bytes) -> str:
        try:
            line.decode()
        except UnicodeDecodeError:
            return UTF_8 if _is_mostly_utf8(self._whole_file()) else WINDOWS_1252
        return UTF_8


def _is_mostly_utf8(blocks: Iterable[bytes]) -> bool:
    """Return whether more UTF-8 characters than other bytes beyond ASCII are in a text."""
    valid = invalid = 0
    for block in blocks:  # a character cut by the end of a block is of no account
        characters = _CHARACTER.findall(block)
        valid += len(characters)
        invalid += len(_NOT_ASCII.findall(block)) - sum(map(len, characters))
    return valid > invalid
