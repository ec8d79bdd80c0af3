"""A resource's inputs, which record what is read. Pure.

An input that no handler reads would be ignored silently, so `check_all_read` makes it an error:
the deployment does everything that the program sets, or fails.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import TypeVar

from stream_ingest.contracts.errors import PermanentError

Kind = TypeVar("Kind", str, bool)


class EngineError(PermanentError):
    """The engine cannot create a resource of the Pulumi program; names the resource."""


class Inputs:
    """Typed access to the inputs of a resource or nested block, by Pulumi's camelCase names."""

    def __init__(self, values: Mapping[str, object], where: str) -> None:
        """Wrap `values`; `where` names them in errors: ``aws:sqs/queue:Queue collage``."""
        self._values = {key: value for key, value in values.items() if value is not None}
        self._where = where
        self._read: set[str] = set()
        self._blocks: list[Inputs] = []

    def raw(self, name: str) -> object:
        """Return an input unchecked, or None if it is not set."""
        self._read.add(name)
        return self._values.get(name)

    def text(self, name: str) -> str:
        """Return a required string."""
        return self._typed(name, str)

    def text_or_none(self, name: str) -> str | None:
        """Return a string, or None if it is not set."""
        return self.text(name) if name in self._values else None

    def number(self, name: str) -> int:
        """Return a required whole number."""
        value = self.raw(name)
        if isinstance(value, bool) or not isinstance(value, (int, float)) or value != int(value):
            raise self.invalid(name, "a whole number")
        return int(value)

    def number_or_none(self, name: str) -> int | None:
        """Return a whole number, or None if it is not set."""
        return self.number(name) if name in self._values else None

    def flag(self, name: str, *, default: bool = False) -> bool:
        """Return a boolean, `default` if it is not set."""
        return self._typed(name, bool) if name in self._values else default

    def texts(self, name: str) -> list[str]:
        """Return a list of strings, empty if it is not set."""
        values = self._list(name)
        if not all(isinstance(value, str) for value in values):
            raise self.invalid(name, "a list of strings")
        return [str(value) for value in values]

    def document(self, name: str) -> str:
        """Return a required JSON document, as text."""
        text = self.text(name)
        try:
            json.loads(text)
        except json.JSONDecodeError as error:
            raise self.invalid(name, "JSON") from error
        return text

    def block(self, name: str) -> Inputs | None:
        """Return a nested block, or None if it is not set; its inputs must be read too."""
        value = self.raw(name)
        if value is None:
            return None
        return self._nested(name, value)

    def required_block(self, name: str) -> Inputs:
        """Return a required nested block."""
        block = self.block(name)
        if block is None:
            raise self.invalid(name, "a block")
        return block

    def blocks(self, name: str) -> list[Inputs]:
        """Return a list of nested blocks, empty if it is not set."""
        return [
            self._nested(f"{name}[{index}]", value) for index, value in enumerate(self._list(name))
        ]

    def map(self, name: str) -> dict[str, str]:
        """Return a mapping of strings to strings, empty if it is not set."""
        value = self.raw(name)
        if value is None:
            return {}
        if not isinstance(value, Mapping) or not all(isinstance(v, str) for v in value.values()):
            raise self.invalid(name, "a mapping of strings")
        return dict(value)

    def check_all_read(self) -> None:
        """Raise `EngineError` with the names of all inputs that were not read."""
        unread = sorted(self._unread())
        if unread:
            msg = f"{self._where}: the engine does not support {', '.join(unread)}"
            raise EngineError(msg)

    def invalid(self, name: str, expected: str) -> EngineError:
        """Return the error for an input with an unsupported value."""
        value = self._values.get(name)
        return EngineError(f"{self._where}: {name} is {value!r}, not {expected}")

    def _unread(self, prefix: str = "") -> list[str]:
        names = [prefix + name for name in self._values if name not in self._read]
        for block in self._blocks:
            names += block._unread(f"{prefix}{block._where.rpartition(' ')[2]}.")  # noqa: SLF001 - same class
        return names

    def _typed(self, name: str, kind: type[Kind]) -> Kind:
        value = self.raw(name)
        if not isinstance(value, kind):
            raise self.invalid(name, f"a {kind.__name__}")
        return value

    def _list(self, name: str) -> list[object]:
        value = self.raw(name)
        if value is None:
            return []
        if not isinstance(value, list):
            raise self.invalid(name, "a list")
        return value

    def _nested(self, name: str, value: object) -> Inputs:
        if not isinstance(value, Mapping):
            raise self.invalid(name, "a block")
        block = Inputs(value, f"{self._where} {name}")
        self._blocks.append(block)
        return block
