"""A table's keys and its global secondary indexes, which may lag behind it."""

from __future__ import annotations

from bisect import insort
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from tests.faults.harness.aws.errors import NotModelledError
from tests.faults.harness.aws.values import Item, Value, plain

Key = tuple[str, str]
"""Partition and sort key of an item."""


def key_names(schema: Sequence[Mapping[str, str]]) -> tuple[str, str]:
    """Return the names of partition and sort key; every key here has both."""
    kinds = {entry["KeyType"]: entry["AttributeName"] for entry in schema}
    if kinds.keys() != {"HASH", "RANGE"}:
        msg = "a key without both HASH and RANGE"
        raise NotModelledError(msg)
    return kinds["HASH"], kinds["RANGE"]


class Index:
    """One global secondary index: the items that have both of its keys, sorted."""

    def __init__(self, definition: Mapping[str, Any], table_keys: tuple[str, str]) -> None:
        self.hash, self.range = key_names(definition["KeySchema"])
        self._keys = {*table_keys, self.hash, self.range}
        projection = definition["Projection"]
        if projection["ProjectionType"] not in {"KEYS_ONLY", "INCLUDE"}:
            raise NotModelledError(projection["ProjectionType"])
        self._projected = self._keys | set(projection.get("NonKeyAttributes", ()))
        self._table_keys = table_keys
        self._images: dict[Key, Item] = {}
        self._sorted: dict[str, list[tuple[Any, Key]]] = {}

    def write(self, key: Key, item: Item | None) -> None:
        """Take over what the table holds under a key."""
        self._drop(key)
        if item is None or self.hash not in item or self.range not in item:
            return
        self._images[key] = {name: item[name] for name in item.keys() & self._projected}
        insort(self._sorted.setdefault(item[self.hash]["S"], []), (plain(item[self.range]), key))

    def _drop(self, key: Key) -> None:
        image = self._images.pop(key, None)
        if image is not None:
            entry = (plain(image[self.range]), key)
            self._sorted[image[self.hash]["S"]].remove(entry)

    def find(
        self,
        wanted: str,
        holds: Callable[[Item], bool],
        after: Item | None,
        most: int,
        *,
        backward: bool = False,
    ) -> tuple[list[Item], Item | None]:
        """Return a page of matching items under a hash key, and the key to continue from."""
        entries = self._sorted.get(wanted, [])
        found = [self._images[key] for _, key in entries if holds(self._images[key])]
        if backward:
            found.reverse()
        if after is not None:
            last = self._order(after)
            found = [
                image
                for image in found
                if (self._order(image) < last if backward else self._order(image) > last)
            ]
        page = found[:most]
        if len(found) <= most:
            return page, None
        return page, {name: page[-1][name] for name in self._keys}

    def _order(self, image: Item) -> tuple[Any, Key]:
        first, second = self._table_keys
        return plain(image[self.range]), (image[first]["S"], image[second]["S"])


class Own:
    """The table itself, queried by its own keys."""

    def __init__(self, items: Mapping[Key, Item], table_keys: tuple[str, str]) -> None:
        self.hash, self._range = table_keys
        self._items = items

    def find(
        self,
        wanted: str,
        holds: Callable[[Item], bool],
        after: Item | None,
        most: int,
        *,
        backward: bool = False,
    ) -> tuple[list[Item], Item | None]:
        """Return a page of matching items under a hash key, and the key to continue from."""
        if backward:
            raise NotModelledError(self._range)
        start = after[self._range]["S"] if after else ""
        keys = sorted(key for key in self._items if key[0] == wanted and key[1] > start)
        found = [self._items[key] for key in keys if holds(self._items[key])]
        page = found[:most]
        if len(found) <= most:
            return page, None
        return page, {name: page[-1][name] for name in (self.hash, self._range)}


class Indexes:
    """All indexes of a table. While a key lags, they show what was under it before."""

    def __init__(
        self,
        definitions: Sequence[Mapping[str, Any]],
        keys: tuple[str, str],
        kinds: Mapping[str, str],
    ) -> None:
        self._kinds = kinds
        self._indexes = {each["IndexName"]: Index(each, keys) for each in definitions}
        self._late: dict[Key, Item | None] = {}
        self._lags: Callable[[Key], bool] | None = None

    def __getitem__(self, name: str) -> Index:
        return self._indexes[name]

    def write(self, key: Key, item: Item | None) -> None:
        """Take over what the table holds under a key, now or once the indexes catch up."""
        if self._lags is not None and self._lags(key):
            self._late[key] = item
            return
        self._late.pop(key, None)
        for index in self._indexes.values():
            index.write(key, item)

    def lag(self, lags: Callable[[Key], bool]) -> None:
        """Stop following the keys for which `lags` holds."""
        self._lags = lags

    def catch_up(self) -> None:
        """Show what the table holds; follow every key again."""
        self._lags = None
        for key, item in self._late.items():
            for index in self._indexes.values():
                index.write(key, item)
        self._late.clear()

    def mismatched(self, item: Item) -> str | None:
        """Return an index key of the item that has the wrong type or is empty, if there is one."""
        for index in self._indexes.values():
            for name in (index.hash, index.range):
                value: Value | None = item.get(name)
                if value is not None and not value.get(self._kinds[name]):
                    return name
        return None
