"""The table of a simulated account, decoded for the checks."""

from __future__ import annotations

from dataclasses import dataclass

from stream_ingest.aws.items import Item, from_wire
from stream_ingest.contracts import table
from stream_ingest.contracts.events import WindowReady
from stream_ingest.windowing.rules.outbox import expand_event
from stream_ingest.windowing.rules.state import OpenWindow, decode_body
from tests.faults.harness.simulated_account import SimulatedAccount


@dataclass(frozen=True, slots=True)
class Window:
    """A window in the table: its status item and its stored event."""

    number: int
    status: Item
    event: WindowReady


class Table:
    """The decoded items of a table, by type."""

    def __init__(self, account: SimulatedAccount) -> None:
        self.items = {key: from_wire(item) for key, item in account.dynamodb.items.items()}
        self.windows: dict[str, list[Window]] = {}
        self.open: dict[str, list[OpenWindow]] = {}
        self.next_window: dict[str, int] = {}
        self.all_windows: list[Window] = []
        for (partition, sort), item in sorted(self.items.items()):
            kind, _, number = sort.partition("#")
            if kind == "window":
                images = self.items[partition, table.images_item(int(number))]
                event = expand_event(bytes(images["detail"]))
                window = Window(int(number), item, event)
                self.windows.setdefault(item["creator"], []).append(window)
                self.all_windows.append(window)
            elif kind == table.STATE:
                windows, *_ = decode_body(bytes(item["body"]))
                self.open[item["creator"]] = list(windows.values())
                self.next_window[item["creator"]] = int(item["next_window"])
