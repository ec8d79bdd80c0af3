"""Names in a stack's configuration that no setting has. Pure."""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Mapping

_SIMILARITY = 0.7
_RENAMED = {"downloads": "downloadsAtOnce"}
"""Names of settings in earlier versions, and their names now."""


def unknown_names(configured: Iterable[str], known: Iterable[str], project: str) -> list[str]:
    """Return what is wrong with the names in a configuration; empty if nothing is.

    `configured` are names with their namespaces, ``coverstream:streamShards``; `known` are those
    of `project` without it. Namespaces of providers and of Pulumi itself are ignored: providers
    check theirs. A namespace that is nearly the project's is a misspelling of it.
    """
    by_lower = {name.lower(): name for name in known}
    problems = []
    for full_name in sorted(configured):
        namespace, _, name = full_name.rpartition(":")
        if namespace == project:
            problems += _problems(name, by_lower)
        elif difflib.get_close_matches(namespace.lower(), [project], 1, _SIMILARITY):
            problems.append(f"{full_name} has no effect; did you mean {project}:{name}?")
    return problems


def _problems(name: str, by_lower: Mapping[str, str]) -> list[str]:
    if name in by_lower.values():
        return []
    if name in _RENAMED:
        return [f"{name} is called {_RENAMED[name]} now"]
    plain = name.lower().replace("_", "").replace("-", "")
    nearest = difflib.get_close_matches(plain, [*by_lower], 1, _SIMILARITY)
    hint = f"; did you mean {by_lower[nearest[0]]}?" if nearest else ""
    return [f"{name} is not a setting{hint}"]
