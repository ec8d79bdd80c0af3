"""Processes that may die: warm ones are used again, a killed one is gone with all it had."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults
from tests.faults.harness.parts import Clients

if TYPE_CHECKING:
    from tests.faults.harness.stage import Stage

Part = TypeVar("Part")


class Fleet(Generic[Part]):
    """Processes of one kind; `start` puts a process together on its clients."""

    def __init__(self, stage: Stage, name: str, start: Callable[[Clients], Part]) -> None:
        self._stage, self._name, self._start = stage, name, start
        self._warm: list[tuple[Faults, Part]] = []

    def run(self, faults: Iterable[Fault], work: Callable[[Part], Any]) -> Any:  # noqa: ANN401 - what `work` returns
        """Let one process do some work; `KilledError` where a fault ended it.

        Work that pauses keeps its process: whoever comes meanwhile finds another one.
        """
        own, part = self._warm.pop() if self._warm else self._fresh()
        own.arm(faults or self._stage.scheduled(self._name))
        try:
            result = work(part)
        except KilledError:
            raise
        except Exception:
            self._warm.append((own, part))
            raise
        else:
            self._warm.append((own, part))
            return result
        finally:
            own.arm(())
            self._stage.note(self._name, own)

    def _fresh(self) -> tuple[Faults, Part]:
        faults = Faults()
        return faults, self._start(Clients(self._stage, faults))
