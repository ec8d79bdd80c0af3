"""A creator's windows in the lists of replays and retries. Edge (DynamoDB, by its parts)."""

from __future__ import annotations

from collections import Counter
from functools import partial

from msgspec.structs import replace

from ops_dashboard.erase.subject import Subject
from ops_dashboard.recovery.runs.choosing import RETRIED
from ops_dashboard.recovery.runs.run import OVER, Run
from ops_dashboard.recovery.runs.store import RunStore, change
from stream_ingest.contracts.naming import split_window_id

ENTRIES = "entries of replays"
_ERASED = "an erased creator"


class CreatorRuns:
    """Finds and removes the name of one creator in runs."""

    def __init__(self, who: Subject, store: RunStore) -> None:
        """Work on the runs of one stack."""
        self._who, self._store = who, store

    def work(self, *, remove: bool) -> Counter[str]:
        """Return the number of entries; with `remove`, remove them. Safe to repeat.

        A run that is still building does not wait for windows that are gone.
        """
        found: Counter[str] = Counter()
        for run in self._store.all():
            windows = sum(self._page(run, page, remove=remove) for page in range(run.pages))
            is_named = self._is_about(run.about)
            found[ENTRIES] += windows + is_named
            if remove and (is_named or windows):
                change(self._store, run.name, partial(self._without, gone=windows))
        return +found

    def _page(self, run: Run, page: int, *, remove: bool) -> int:
        windows = self._store.page(run.name, page)
        others = [each for each in windows if not self._is_own(each.window_id)]
        if remove and len(others) < len(windows):
            self._store.save_page(run.name, page, others)
        return len(windows) - len(others)

    def _without(self, run: Run, *, gone: int) -> Run:
        about = _ERASED if self._is_about(run.about) else run.about
        return replace(run, about=about, gone=run.gone + (0 if run.state in OVER else gone))

    def _is_about(self, about: str) -> bool:
        name = about.removeprefix(RETRIED)
        return name in self._who.names or name.startswith(f"{self._who.key}:")

    def _is_own(self, window_id: str) -> bool:
        return split_window_id(window_id)[0] == self._who.key
