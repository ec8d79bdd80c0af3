"""The facts of a timeline's steps as text for people. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from ops_dashboard.trace.timeline import Step

_REPEATED = {"function_request_id": "request", "message_id": "message", "receives": "receipt"}
"""Facts that identify a request; shown only when they change."""
_LABELS = _REPEATED | {
    "images_ok": "images in the collage",
    "failures": "failed images",
    "duration_ms": "took",
    "collage_key": "collage",
}
_BECAUSE = {
    "full": "it was full",
    "idle": "no row came in its idle time",
    "expiring": "its URLs were about to expire",
    "batch-end": "its batch ended",
}
_CODES = frozenset({"ending", "reason"})
"""Facts whose values may be names of ours."""
_MS_PER_S = 1_000


def with_facts(steps: Iterable[Step]) -> Iterator[tuple[Step, str]]:
    """Yield each step with its facts as text, such as ``images 35, because it was full``.

    Request and message ids appear only when they change.
    """
    last: dict[str, object] = {}
    for step in steps:
        shown = {
            name: value
            for name, value in step.facts.items()
            if value not in (None, {}, []) and not (name in _REPEATED and last.get(name) == value)
        }
        last |= step.facts
        yield step, ", ".join(f"{_label(name)} {_text(name, each)}" for name, each in shown.items())


def _label(name: str) -> str:
    return _LABELS.get(name) or _words(name.removesuffix("_ms"))


def _text(name: str, value: object) -> str:
    if isinstance(value, Mapping):
        unit = "_ms" if name.endswith("_ms") else ""
        inner = (f"{_label(each)} {_text(f'{each}{unit}', count)}" for each, count in value.items())
        return "{" + ", ".join(inner) + "}"
    if isinstance(value, Sequence) and not isinstance(value, str):
        return "[" + ", ".join(_text(name, each) for each in value) + "]"
    if name.endswith("_ms") and isinstance(value, int | float):
        return f"{value} ms" if value < _MS_PER_S else f"{value / _MS_PER_S:.1f} s"
    if name == "because":
        return _BECAUSE.get(str(value), str(value))
    return _words(str(value)) if name in _CODES and str(value).isidentifier() else str(value)


def _words(name: str) -> str:
    return name.replace("_", " ")
