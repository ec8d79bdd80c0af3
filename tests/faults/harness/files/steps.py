"""What happens to dropped files and to the intake that reads them, as data. Pure.

Files, messages and letters are numbers, modulo how many exist.
"""

from __future__ import annotations

from dataclasses import dataclass

from tests.faults.harness.injector import Fault

Faults = tuple[Fault, ...]


@dataclass(frozen=True)
class FilePlan:
    """A file: its rows as (creator, image)."""

    rows: tuple[tuple[int, int], ...]


@dataclass(frozen=True)
class Drop:
    """Somebody uploads a file, perhaps once more; S3's event is lost unless `announced`."""

    file: int
    announced: bool = True


@dataclass(frozen=True)
class Announce:
    """S3's event of an upload arrives, late or again."""

    upload: int


@dataclass(frozen=True)
class Read:
    """The intake is invoked `times` times, each with a message that it has not handled.

    A `slow` invocation has time for one chunk; faults apply to the first one.
    """

    which: int = 0
    times: int = 1
    slow: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class ReadAgain:
    """SQS delivers a message again that was handled."""

    which: int
    slow: bool = False
    faults: Faults = ()


@dataclass(frozen=True)
class RedriveLetter:
    """A person redrives a dead letter of the intake."""

    which: int
    faults: Faults = ()


@dataclass(frozen=True)
class DropLetter:
    """A person drops a dead letter of the intake; one that failed is dropped again at the end."""

    which: int
    faults: Faults = ()


FileStep = Drop | Announce | Read | ReadAgain | RedriveLetter | DropLetter
