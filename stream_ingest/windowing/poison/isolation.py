"""Quarantine a record on which the code fails, so that its shard goes on. Edge (DynamoDB).

An unexpected exception ends the invocation, and Lambda delivers the records again: a bad deployment
can be rolled back without a loss. A record that still fails `POISON_AFTER_S` after it arrived is
quarantined, without the others of its delivery. Errors that AWS answers, such as a missing right,
have their cause outside the record and are always raised.
"""

from __future__ import annotations

import traceback
from collections.abc import Callable

from botocore.exceptions import BotoCoreError, ClientError

from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.creator_folding import CreatorFolding
from stream_ingest.windowing.delivery import POISON_AFTER_S, CreatorArrivals
from stream_ingest.windowing.delivery_result import DeliveryResult, merge_results
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.state import CreatorState


class IsolatedFolding:
    """Folds the rows of creators, without the records on which that fails for long."""

    def __init__(
        self, store: CreatorRepository, folding: CreatorFolding, clock: Callable[[], float]
    ) -> None:
        """`clock` gives epoch seconds."""
        self._store, self._folding, self._clock = store, folding, clock

    def fold(self, state: CreatorState, work: CreatorArrivals) -> DeliveryResult:
        """Fold all rows of a creator; `DeliveryResult.poison` has the records that cannot be.

        Raises any unexpected exception on a record that is not old.
        """
        try:
            return self._folding.fold(state, work)
        except (ClientError, BotoCoreError):
            raise
        except Exception:
            if not self._is_old(work):
                raise
            return self._fold_each(work)

    def _fold_each(self, work: CreatorArrivals) -> DeliveryResult:
        """Fold the records of a creator one by one; those that were folded change nothing."""
        key, parts = creator_key(work.creator), list[DeliveryResult]()
        for sequence, arrivals in work.by_record(0):
            one = CreatorArrivals(
                creator=work.creator,
                first_sequence=sequence,
                last_sequence=sequence,
                arrivals=arrivals,
                records=[(sequence, 0)],
            )
            try:
                parts.append(self._folding.fold(self._store.load([key])[key], one))
            except (ClientError, BotoCoreError):
                raise
            except Exception as error:
                if not self._is_old(one):
                    raise
                parts.append(DeliveryResult(poison={sequence: reason_of(error)}))
        return merge_results(parts)

    def _is_old(self, work: CreatorArrivals) -> bool:
        return work.arrivals[0].arrived_at_s + POISON_AFTER_S <= self._clock()


def reason_of(error: Exception) -> str:
    """Return an unexpected exception with its place: ``KeyError: 'x' (fold.py, line 12)``."""
    last = traceback.extract_tb(error.__traceback__)[-1]
    name = last.filename.rpartition("/")[2]
    return f"the function failed: {type(error).__name__}: {error} ({name}, line {last.lineno})"
