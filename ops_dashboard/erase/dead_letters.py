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
        own = 0
        with self._queues.received() as receiver:
            for kind in self._queues.kinds:
                for message in receiver.messages(kind):
                    if self._who.owns_window(message.dead_letter.window_id):
                        own += 1
                        if remove:
                            receiver.delete(message)
        return Counter({DEAD_LETTERS: own})
