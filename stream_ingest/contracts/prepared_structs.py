"""Structs that several threads decode, prepared before there are threads. Pure.

msgspec collects what it has to know of a struct when it is first decoded, without a lock. If two
threads first decode a struct that contains another one at the same moment, one may read what the
other has not filled in yet, and the process ends with a segmentation fault (msgspec 0.22).
"""

from __future__ import annotations

from collections.abc import Iterator

import msgspec


def prepare_structs() -> None:
    """Let msgspec collect what it has to know of each struct that has been imported.

    Takes about 0.1 ms for each, and next to nothing when it is called again.
    """
    for struct in set(_below(msgspec.Struct)):
        try:
            msgspec.json.Decoder(struct)
        except NameError:
            continue  # it has fields of types that only type checkers import: it is never decoded


def _below(struct: type[msgspec.Struct]) -> Iterator[type[msgspec.Struct]]:
    for each in struct.__subclasses__():
        yield each
        yield from _below(each)
