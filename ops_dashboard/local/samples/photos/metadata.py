"""Metadata of sample photos, of which no output may keep anything. Pure."""

from __future__ import annotations

from ops_dashboard.local.samples.photos.tiff import (
    ASCII,
    BYTE,
    LONG,
    RATIONAL,
    SHORT,
    append,
    begin_with,
    continue_with,
    directory,
    new_file,
)

SECRET = b"52 Privet Drive"
"""Text that is in every kind of metadata."""
XMP = b"<x:xmpmeta xmlns:x='adobe:ns:meta/'><secret>" + SECRET + b"</secret></x:xmpmeta>"
TAKEN_AT = "2024:05:06 07:08:09"
EXIF_HEADER = b"Exif\0\0"
TRACES = (
    EXIF_HEADER,
    b"http://ns.adobe.com/",
    b"adobe:ns:meta",
    b"ICC_PROFILE",
    b"Photoshop 3.0",
    b"MPF\0",
    SECRET,
    TAKEN_AT.encode(),
)
"""Texts of which none is in a file without metadata."""
_LATITUDE, _LONGITUDE = (51.0, 22.0, 58.2), (0.0, 39.0, 18.0)


def exif_block(orientation: int = 1, thumbnail: bytes = b"") -> bytes:
    """Return an EXIF block with a place, a time and names, and with a JPEG thumbnail if given."""
    file = new_file()
    text = SECRET + b"\0"
    place = directory(
        file,
        [
            (0, BYTE, bytes([2, 3, 0, 0])),
            (1, ASCII, b"N\0"),
            (2, RATIONAL, _LATITUDE),
            (3, ASCII, b"W\0"),
            (4, RATIONAL, _LONGITUDE),
            (29, ASCII, b"2024:05:06\0"),
        ],
    )
    times = directory(file, [(0x9003, ASCII, TAKEN_AT.encode() + b"\0"), (0xA430, ASCII, text)])
    first = directory(
        file,
        [
            *((tag, ASCII, text) for tag in (0x010E, 0x010F, 0x013B, 0x8298)),
            (0x0112, SHORT, (orientation,)),
            (0x8769, LONG, (times,)),
            (0x8825, LONG, (place,)),
        ],
    )
    begin_with(file, first)
    if thumbnail:
        at = append(file, thumbnail)
        entries = [(0x0103, SHORT, (6,)), (0x0201, LONG, (at,)), (0x0202, LONG, (len(thumbnail),))]
        continue_with(file, first, directory(file, list(entries)))
    return EXIF_HEADER + bytes(file)
