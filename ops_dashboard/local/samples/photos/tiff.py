"""TIFF directories, of which EXIF blocks and DNG files are made. Pure."""

from __future__ import annotations

import struct

BYTE, ASCII, SHORT, LONG, RATIONAL, SRATIONAL = 1, 2, 3, 4, 5, 10
"""Types of values."""
Entry = tuple[int, int, tuple[float, ...] | bytes]
"""Tag, type and values."""
_FORMATS = {SHORT: "H", LONG: "I", BYTE: "B"}
_BYTES = {SHORT: 2, LONG: 4, RATIONAL: 8, SRATIONAL: 8}
_INLINE_BYTES = 4
_ENTRY_BYTES = 12
_DENOMINATOR = 10_000


def new_file() -> bytearray:
    """Return the header of a little-endian TIFF, whose first directory is not known yet."""
    return bytearray(b"II*\0" + bytes(4))


def append(file: bytearray, data: bytes) -> int:
    """Append bytes at an even offset; return it."""
    if len(file) % 2:
        file.append(0)
    at = len(file)
    file += data
    return at


def directory(file: bytearray, entries: list[Entry]) -> int:
    """Append a directory and the values that do not fit into its entries; return its offset."""
    packed = []
    for tag, kind, values in sorted(entries, key=lambda entry: entry[0]):
        data = _packed(kind, values)
        is_inline = len(data) <= _INLINE_BYTES
        field = data.ljust(4, b"\0") if is_inline else struct.pack("<I", append(file, data))
        packed.append(struct.pack("<HHI", tag, kind, len(data) // _BYTES.get(kind, 1)) + field)
    return append(file, struct.pack("<H", len(packed)) + b"".join(packed) + bytes(4))


def begin_with(file: bytearray, first: int) -> None:
    """Make the directory at `first` the first one."""
    struct.pack_into("<I", file, 4, first)


def continue_with(file: bytearray, before: int, after: int) -> None:
    """Make the directory at `after` the one after that at `before`."""
    (count,) = struct.unpack_from("<H", file, before)
    struct.pack_into("<I", file, before + 2 + count * _ENTRY_BYTES, after)


def _packed(kind: int, values: tuple[float, ...] | bytes) -> bytes:
    if isinstance(values, bytes):
        return values
    if kind in {RATIONAL, SRATIONAL}:
        pairs = [part for each in values for part in (round(each * _DENOMINATOR), _DENOMINATOR)]
        return struct.pack(f"<{len(pairs)}{'I' if kind == RATIONAL else 'i'}", *pairs)
    return struct.pack(f"<{len(values)}{_FORMATS[kind]}", *(int(value) for value in values))
