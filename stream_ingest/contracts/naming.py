"""Names that are safe in keys, paths, HTML and CSV. Pure.

A creator's *key* is its name with every byte outside ``A-Z a-z 0-9 _ - .`` written as ``=XX``
(UTF-8, upper-case hex; a leading dot too). So a key holds no slash, quote, ``#``, space or control
character, ``..`` cannot occur as a path segment, two names never share a key, and the name can be
read back. TikTok's own handles (letters, digits, ``_``, ``.``) are their own keys.
"""

from __future__ import annotations

import re
import unicodedata

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.triggers import Trigger

MAX_CREATOR_BYTES = 128
"""Longest creator name in UTF-8 bytes; TikTok's handles have 24, its nicknames 30 characters."""
MAX_BATCH_ID = 120
"""Longest batch id in characters: `mixed_creator` is a creator's name, of 128 at most."""
MAX_TRIGGER = 64
"""Longest trigger in characters."""

ERASED_CREATOR = "(erased)"
"""Name under which the counts of erased creators are kept; no TikTok handle has parentheses."""

SMOKE_TRIGGER = Trigger.SMOKE.value
"""Trigger of batches of `ops-dashboard smoke`, which removes them at its end: they are in no log
and no statistics, their end is not announced, and they are no open work."""

_UNSAFE = re.compile(rb"^\.|[^A-Za-z0-9_.\-]")
_SAFE = re.compile(r"[A-Za-z0-9_\-][A-Za-z0-9_.\-]*", re.ASCII)
_ESCAPED = re.compile(rb"=([0-9A-F]{2})")
_KEY = re.compile(r"(?:[A-Za-z0-9_.\-]|=[0-9A-F]{2})+")
_WINDOW_ID = re.compile(r"(?P<key>[^:]+):(?P<number>[0-9]{6,12})")


def is_creator_name(name: str) -> bool:
    """Return whether `name` is a valid creator name: 1 to 128 UTF-8 bytes, no control character."""
    if not name or name.isspace():
        return False
    if name.isascii():
        return name.isprintable() and len(name) <= MAX_CREATOR_BYTES
    try:
        size = len(name.encode())
    except UnicodeEncodeError:  # a lone surrogate
        return False
    return size <= MAX_CREATOR_BYTES and not _has_control(name)


def _has_control(name: str) -> bool:
    return any(unicodedata.category(character) == "Cc" for character in name)


def mixed_creator(batch_id: str) -> str:
    """Return the creator name that stands for all creators of a batch whose windows mix them.

    One name is one bucket and one state, so the batch's rows are folded in the order they arrive.
    TikTok handles contain no dash, so no creator has this name.
    """
    return f"mixed-{batch_id}"


def creator_key(name: str) -> str:
    """Return the key of a creator's name; `creator_name` reads it back."""
    if _SAFE.fullmatch(name):
        return name
    return _UNSAFE.sub(lambda match: b"=%02X" % match[0][0], name.encode()).decode()


def creator_name(key: str) -> str:
    """Return the name of a key; raises `DecodeError` if no name has this key."""
    if not _KEY.fullmatch(key):
        msg = f"not a creator key: {key!r}"
        raise DecodeError(msg)
    raw = _ESCAPED.sub(lambda match: bytes([int(match[1], 16)]), key.encode())
    try:
        name = raw.decode()
    except UnicodeDecodeError as error:
        msg = f"not a creator key: {key!r}"
        raise DecodeError(msg) from error
    if creator_key(name) != key:
        msg = f"not a creator key: {key!r}"
        raise DecodeError(msg)
    return name


def window_id(key: str, number: int) -> str:
    """Return the id of a creator's window: its key and running number, ``charli:000012``."""
    return f"{key}:{number:06d}"


def split_window_id(value: str) -> tuple[str, int]:
    """Return the creator key and number of a window id; `DecodeError` if it is not one."""
    match = _WINDOW_ID.fullmatch(value)
    if match is None or window_id(match["key"], int(match["number"])) != value:
        msg = f"not a window id: {value!r} (such as charli:000012)"
        raise DecodeError(msg)
    creator_name(match["key"])
    return match["key"], int(match["number"])
