"""Processes that may die: warm ones are reused, a killed one loses its state."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Generic, TypeVar

from tests.faults.harness.aws.errors import KilledError
from tests.faults.harness.injector import Fault, Faults
from tests.faults.harness.wiring import Clients

if TYPE_CHECKING:
    from tests.faults.harness.simulated_account import SimulatedAccount

Component = TypeVar("Component")


class ProcessPool(Generic[Component]):
    """Processes of one kind; `start` builds a component from a process's clients."""

    def __init__(
        self, account: SimulatedAccount, name: str, start: Callable[[Clients], Component]
    ) -> None:
        self._account, self._name, self._start = account, name, start
        self._warm: list[tuple[Faults, Component]] = []

    def run(self, faults: Iterable[Fault], work: Callable[[Component], Any]) -> Any:  # noqa: ANN401 - what `work` returns
        """Run `work` in one process; raises `KilledError` if a fault killed it.

        Paused work keeps its process: an invocation in the meantime uses another one.
        """
        own, component = self._warm.pop() if self._warm else self._start_process()
        own.arm(faults or self._account.scheduled(self._name))
        try:
            result = work(component)
        except KilledError:
            raise
        except Exception:
            self._warm.append((own, component))
            raise
        else:
            self._warm.append((own, component))
            return result
        finally:
            own.arm(())
            self._account.record(self._name, own)

    def _start_process(self) -> tuple[Faults, Component]:
        faults = Faults()
        return faults, self._start(Clients(self._account, faults, self._name))
