"""Makes moto quick without changing its answers. Edge (alters moto).

For each action of a transaction moto copies the whole table, to restore it if a condition fails;
with a hundred windows in the table that is most of a test's time. Here the items that a transaction
names are copied. moto adds up the size of all attributes of an item for each that is set; here an
item is measured once. These it works out each time, and here once: the parts of an update's text,
the names under which a dict may have a member of an answer, the addresses of a service (for S3 by
loading their module again), the methods of a class. For a list of versions it copies all objects of
the bucket with their contents, to say which version is the latest; here it is said of the objects.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any, TypeVar

from botocore.model import Shape
from moto.core import responses
from moto.core.base_backend import BaseBackend
from moto.core.serialize import AttributePickerContext, ResponseSerializer, XFormedAttributePicker
from moto.dynamodb.exceptions import ItemSizeTooLarge
from moto.dynamodb.models import DynamoDBBackend, Table
from moto.dynamodb.models.dynamo_type import DynamoType, Item, LimitedSizeDict
from moto.dynamodb.models.utilities import bytesize
from moto.dynamodb.parsing.ast_nodes import DepthFirstTraverser
from moto.dynamodb.parsing.expressions import UpdateExpressionParser
from moto.s3.models import FakeDeleteMarker, FakeKey

T = TypeVar("T")

_MAX_BYTES = 405_000
"""Maximum size of an item by moto."""
_TEXTS = 1024
"""Maximum number of update expressions whose parts are kept."""
_NAMES = "names_in_a_dict"
"""Attribute of a shape: keys under which a dict may have it, in the order in which moto tries."""
_get_any_value = ResponseSerializer.get_value
_make_urls = BaseBackend.urls.fget
_node_types = DepthFirstTraverser.nodes_to_be_processed
_method_names = functools.cache(responses.method_names_from_class)
_transact = DynamoDBBackend.transact_write_items
_parse = functools.lru_cache(_TEXTS)(UpdateExpressionParser.make)


def make_quick() -> None:
    """Alter moto in this process. Idempotent."""
    DynamoDBBackend.transact_write_items = _transact_write_items  # type: ignore[method-assign]
    Item.__init__ = _init_item  # type: ignore[method-assign]
    Table.all_items = _all_items  # type: ignore[method-assign]
    Table.sorted_items = _sorted_items  # type: ignore[method-assign]
    DepthFirstTraverser.nodes_to_be_processed = _once_by_class(_node_types)
    BaseBackend.urls = property(_once_by_class(_make_urls))  # type: ignore[method-assign]
    responses.method_names_from_class = _method_names
    ResponseSerializer.get_value = _get_value  # type: ignore[method-assign]
    FakeKey.__deepcopy__ = FakeDeleteMarker.__deepcopy__ = _itself  # type: ignore[attr-defined]
    UpdateExpressionParser.make = staticmethod(_parse)  # type: ignore[method-assign]


def _once_by_class(method: Callable[[Any], Any]) -> Callable[[Any], Any]:
    """Return a method that is called once for all instances of a class."""
    results: dict[type, Any] = {}

    def result_of(instance: object) -> Any:  # noqa: ANN401 - whatever the method returns
        if type(instance) not in results:
            results[type(instance)] = method(instance)
        return results[type(instance)]

    return result_of


def _get_value(serializer: ResponseSerializer, value: object, key: str, shape: Shape) -> object:
    """Return the member `key` of a result, whose shape is `shape`, or None."""
    picker = serializer._value_picker  # noqa: SLF001 - nothing else is public
    if type(value) is not dict or type(picker) is not XFormedAttributePicker:
        return _get_any_value(serializer, value, key, shape)
    if picker.response_transformers:
        return _get_any_value(serializer, value, key, shape)
    names = vars(shape).get(_NAMES)
    if names is None:
        names = tuple(picker.get_possible_keys(AttributePickerContext({}, key, shape)))
        setattr(shape, _NAMES, names)
    return next((value[name] for name in names if name in value), None)


def _transact_write_items(backend: DynamoDBBackend, transact_items: list[dict[str, Any]]) -> None:
    """Execute a transaction; restore the items that it names if it fails."""
    named = list(_named_items(backend, transact_items))
    tables = {id(table): table for table, *_ in named}.values()
    before = [(*place, copy.deepcopy(_item_at(*place))) for place in named]
    for table in tables:
        table.__deepcopy__ = functools.partial(_itself, table)  # type: ignore[attr-defined]
    try:
        _transact(backend, transact_items)
    except BaseException:
        for table, key, sort, item in before:
            if item is None:
                table.items[key].pop(sort, None)
            else:
                table.items[key][sort] = item
        raise
    finally:
        for table in tables:
            vars(table).pop("__deepcopy__", None)  # another thread may have removed it


def _itself(copied: T, _memo: object) -> T:
    return copied


def _named_items(
    backend: DynamoDBBackend, actions: Sequence[Mapping[str, Mapping[str, Any]]]
) -> Iterator[tuple[Table, DynamoType, DynamoType]]:
    """Yield the table and the key of each action, except for tables that only moto can restore."""
    for action in actions:
        for request in action.values():
            table = backend.tables.get(request.get("TableName", ""))
            if table is None or table.range_key_attr is None or table.stream_shard is not None:
                continue
            key = request.get("Key") or request.get("Item") or {}
            if table.hash_key_attr in key and table.range_key_attr in key:
                sort = DynamoType(key[table.range_key_attr])
                yield table, DynamoType(key[table.hash_key_attr]), sort


def _item_at(table: Table, key: DynamoType, sort: DynamoType) -> Item | None:
    return table.items[key].get(sort) if key in table.items else None


def _init_item(
    item: Item, hash_key: DynamoType, range_key: DynamoType | None, attrs: Mapping[str, Any]
) -> None:
    """Set the attributes of a new item; raises `ItemSizeTooLarge` as moto does."""
    item.hash_key, item.range_key = hash_key, range_key
    values = {name: DynamoType(value) for name, value in attrs.items()}
    if sum(bytesize(name) + value.size() for name, value in values.items()) > _MAX_BYTES:
        raise ItemSizeTooLarge
    item.attrs = LimitedSizeDict(values)


def _all_items(table: Table) -> list[Item]:
    """Return the items of a table in the order of their keys."""
    if not table.range_key_attr:
        return sorted(table.items.values(), key=lambda item: item.hash_key.cast_value)
    found = [item for items in list(table.items.values()) for item in list(items.values())]
    found.sort(key=lambda item: (item.hash_key.cast_value, item.range_key.cast_value))
    return found


def _sorted_items(
    table: Table, hash_names: list[str], range_names: list[str | None], items: list[Item]
) -> list[Item]:
    """Sort items of an index in place by its keys, then by the table's; return them."""
    names = table._generate_attr_to_sort_by(hash_names, range_names)  # noqa: SLF001 - nothing else is public
    items.sort(key=lambda item: [item.attrs[name].cast_value for name in names])
    return items
