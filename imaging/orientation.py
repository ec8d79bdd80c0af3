"""Read the orientation in an EXIF block as browsers do. Pure."""

from __future__ import annotations

import struct

_TAG, _SHORT = 0x0112, 3
_PREFIX = b"Exif\0\0"
_ENTRY_BYTES = 12


def exif_orientation(block: bytes) -> int:
    """Return the orientation, 1 to 8; 1 if the block is broken or has it in another form.

    Browsers read it from the first directory only, as one SHORT.
    """
    data = block.removeprefix(_PREFIX)
    order = {b"II*\0": "<", b"MM\0*": ">"}.get(data[:4])
    if order is None or len(data) < 8:  # noqa: PLR2004 - the header
        return 1
    (start,) = struct.unpack_from(f"{order}I", data, 4)
    if start + 2 > len(data):
        return 1
    (count,) = struct.unpack_from(f"{order}H", data, start)
    for at in range(start + 2, start + 2 + count * _ENTRY_BYTES, _ENTRY_BYTES):
        if at + _ENTRY_BYTES > len(data):
            return 1
        tag, kind, values, value = struct.unpack_from(f"{order}HHIH", data, at)
        if tag == _TAG:
            is_valid = kind == _SHORT and values == 1 and 1 <= value <= 8  # noqa: PLR2004 - EXIF 4.6.5
            return int(value) if is_valid else 1
    return 1
