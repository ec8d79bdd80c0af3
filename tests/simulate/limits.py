"""The limits of DynamoDB and Lambda, and what DynamoDB bills. Pure.

Sources: the AWS documentation as docs/facts.md (Lambda, DynamoDB) cites it (item 400 KB;
transactions of 100 actions and 4 MB; a write unit for each KB begun, twice as many in a
transaction; a read unit for each 4 KB begun, read consistently; 6 MB a synchronous invocation), and
the Developer Guide, Best practices for designing partition keys: 1,000 write and 3,000 read units a
second a partition.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence

MAX_ITEM_BYTES = 400 * 1024
MAX_ACTIONS = 100
MAX_TRANSACTION_BYTES = 4 << 20
MAX_PAYLOAD_BYTES = 6_000_000
WRITE_UNITS_A_SECOND = 1_000
READ_UNITS_A_SECOND = 3_000
_WRITE_BYTES, _READ_BYTES = 1_024, 4_096


class LimitError(Exception):
    """AWS would refuse this on every attempt."""


class ThrottledError(Exception):
    """A partition has no capacity left in this second; has the second when it has some."""

    def __init__(self, key: str, until: int) -> None:
        """`until` is the first second in which the key may be used again."""
        super().__init__(f"{key}: throttled until second {until}")
        self.until = until


class WrongShardError(Exception):
    """A second writer of a partition key, which would lose its order."""


def write_units(size: int, before: int = 0) -> int:
    """Return the units of writing an item of `size` bytes over one of `before`, or over none."""
    return max(1, -(-max(size, before) // _WRITE_BYTES))


def read_units(size: int) -> int:
    """Return the units of reading an item consistently; one for an item that is not there."""
    return max(1, -(-size // _READ_BYTES))


def check_item(key: str, size: int) -> None:
    """Raise `LimitError` if an item is larger than DynamoDB accepts."""
    if size > MAX_ITEM_BYTES:
        msg = f"{key}: an item of {size:,} bytes"
        raise LimitError(msg)


def check_transaction(sizes: Sequence[int]) -> None:
    """Raise `LimitError` if a transaction has too many actions or too many bytes."""
    if len(sizes) > MAX_ACTIONS:
        msg = f"a transaction of {len(sizes)} actions"
        raise LimitError(msg)
    if sum(sizes) > MAX_TRANSACTION_BYTES:
        msg = f"a transaction of {sum(sizes):,} bytes"
        raise LimitError(msg)


def check_payload(size: int) -> None:
    """Raise `LimitError` if an invocation is larger than Lambda accepts."""
    if size > MAX_PAYLOAD_BYTES:
        msg = f"an invocation of {size:,} bytes"
        raise LimitError(msg)


class Throughput:
    """Capacity units of partitions, second by second.

    A request is accepted while its partition has any unit left in the second; what it uses beyond
    that is subtracted from the following seconds.
    """

    def __init__(self, most: int) -> None:
        """Give out `most` units a second for each key."""
        self._most = most
        self._taken: dict[str, tuple[int, int]] = {}
        self.hottest, self.hottest_key = 0, ""
        """Maximum units that one key was used for within one second."""

    def take(self, key: str, units: int, second: int) -> None:
        """Consume units of a key; raises `ThrottledError` if none are left in this second."""
        last, taken = self._taken.get(key, (second, 0))
        taken = max(0, taken - self._most * (second - last))
        if taken >= self._most:
            raise ThrottledError(key, second + taken // self._most)
        taken += units
        self._taken[key] = second, taken
        if taken > self.hottest:
            self.hottest, self.hottest_key = taken, key


class Writers:
    """Which shard writes which partition key; there must be one."""

    def __init__(self) -> None:
        """Begin with no key."""
        self._shards: dict[str, str] = {}

    def check(self, key: str, shard: str) -> None:
        """Raise `WrongShardError` for a key that another shard has written."""
        if self._shards.setdefault(key, shard) != shard:
            msg = f"{key}: written from {shard} and {self._shards[key]}"
            raise WrongShardError(msg)


class IndexLoad:
    """Write units of index partitions, second by second: indexes have the same limit."""

    def __init__(self) -> None:
        """Begin with no unit."""
        self.seconds: dict[str, dict[int, int]] = defaultdict(lambda: defaultdict(int))

    def add(self, partition: str, units: int, second: int) -> None:
        """Add units of an index's partition."""
        self.seconds[partition][second] += units
