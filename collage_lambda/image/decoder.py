"""Decode HEIF in a child process and all other formats in this one. Edge."""

from __future__ import annotations

from contextlib import AbstractContextManager

from collage_lambda.image.decode import Cell, CellSpec, decode_cell
from collage_lambda.image.heif_process import HeifProcess
from collage_lambda.image.sniff import sniff
from collage_lambda.reasons import Failure


class Decoder:
    """Decodes images for a whole process; safe to call from several threads."""

    def __init__(self, heavy: AbstractContextManager[object], heif: HeifProcess) -> None:
        """Enter `heavy` while an image is decoded that takes much memory."""
        self._heavy, self._heif = heavy, heif

    def decode(self, data: bytes, spec: CellSpec) -> Cell | Failure:
        """Return the cell of an image, or a failure; raises nothing for any bytes."""
        if sniff(data) == "HEIF":
            with self._heavy:
                return self._heif.decode(data, spec)
        return decode_cell(data, spec, self._heavy)
