"""Dead letters about a creator's windows. Edge (SQS)."""

from __future__ import annotations

from collections import Counter

from ops_dashboard.erase.subject import Subject
from ops_dashboard.recovery.dead_letter_queues import DeadLetterQueues

DEAD_LETTERS = "dead letters"


class CreatorDeadLetters:
    """The dead letters of one creator."""

    def __init__(self, who: Subject, queues: DeadLetterQueues) -> None:
        """Search these queues."""
        self._who, self._queues = who, queues

    def work(self, *, remove: bool) -> Counter[str]:
        """Return the number of the creator's dead letters; with `remove`, delete them."""
        received = self._queues.receive_all()
        own = [each for each in received if self._who.owns_window(each.dead_letter.window_id)]
        others = [each for each in received if each not in own]
        for message in own if remove else ():
            self._queues.delete(message)
        self._queues.release(others if remove else received)
        return Counter({DEAD_LETTERS: len(own)})
