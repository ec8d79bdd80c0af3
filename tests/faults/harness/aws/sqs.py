"""An SQS standard queue in memory: visibility, receive counts, redrive to a dead-letter queue."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from tests.faults.harness.aws.errors import client_error


@dataclass(slots=True)
class Message:
    """A message in a queue."""

    message_id: str
    body: str
    visible_at: float
    receives: int = 0
    receipt: str = ""


class FakeQueue:
    """A queue. After `max_receives` receipts the next one finds a message in `dead_letters`."""

    def __init__(
        self,
        clock: Callable[[], float],
        *,
        visibility_s: float,
        max_receives: int = 3,
        dead_letters: FakeQueue | None = None,
    ) -> None:
        self._clock, self._visibility_s = clock, visibility_s
        self._max_receives, self._dead_letters = max_receives, dead_letters
        self.messages: dict[str, Message] = {}
        self._sent = 0

    def send(self, body: str, delay_s: int = 0) -> str:
        """Put a message, to be received after a delay; return its id."""
        self._sent += 1
        message_id = f"message-{self._sent}"
        self.messages[message_id] = Message(message_id, body, self._clock() + delay_s)
        return message_id

    def receive(self, which: int = 0) -> Message | None:
        """Return one of the visible messages (SQS gives them in any order), hidden from now on."""
        self._redrive()
        visible = self.visible()
        if not visible:
            return None
        message = visible[which % len(visible)]
        message.receives += 1
        message.receipt = f"{message.message_id}/{message.receives}"
        message.visible_at = self._clock() + self._visibility_s
        return message

    def change_visibility(self, receipt: str, seconds: int) -> None:
        """Hide a message, received under this receipt, for so many seconds from now on."""
        message = self.messages[receipt.partition("/")[0]]
        if message.receipt == receipt:
            message.visible_at = self._clock() + seconds

    def delete(self, receipt: str) -> None:
        """Forget a message; twice, or with an older receipt, is no error."""
        message_id, slash, _ = receipt.partition("/")
        if not slash:
            code = "ReceiptHandleIsInvalid"
            raise client_error(code, "DeleteMessage")
        self.messages.pop(message_id, None)

    def visible(self) -> list[Message]:
        """Return the messages that can be received now."""
        now_s = self._clock()
        return [message for message in self.messages.values() if message.visible_at <= now_s]

    def _redrive(self) -> None:
        for message in self.visible():
            if self._dead_letters is not None and message.receives >= self._max_receives:
                del self.messages[message.message_id]
                self._dead_letters.send(message.body)
