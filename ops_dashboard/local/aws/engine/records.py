"""What a deployment remembers of each resource, for the next one. Edge (SSM, disk).

The next one changes only what differs. Pulumi has this in its state; here it is in the embedded
AWS itself, in a parameter for each resource, and so is saved and removed with what it describes.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Protocol

import msgspec

import pulumi
from ops_dashboard.local.aws.clients import Clients

_FOLDER = "/ministack/resources"


class Record(msgspec.Struct, frozen=True, kw_only=True):
    """A resource as it was deployed."""

    type: str
    name: str
    id: str
    outputs: dict[str, Any]
    """What AWS returned for it; its inputs are not repeated."""
    inputs: dict[str, str]
    """A digest of each input."""

    def changed_inputs(self, inputs: Mapping[str, str]) -> list[str]:
        """Return the names of the inputs that differ from `inputs` (digests), sorted."""
        names = self.inputs.keys() | inputs.keys()
        return sorted(name for name in names if self.inputs.get(name) != inputs.get(name))


class Records(Protocol):
    """Where the records of one stack are."""

    def load(self) -> list[Record]:
        """Return the records of all resources."""
        ...

    def save(self, record: Record) -> None:
        """Store a record; it replaces an earlier one of the same resource."""
        ...


class SsmRecords:
    """Records of one stack, in the embedded AWS."""

    def __init__(self, clients: Clients, stack: str) -> None:
        """Use the parameters below ``/ministack/resources/<stack>``."""
        self._clients, self._folder = clients, f"{_FOLDER}/{stack}"

    def load(self) -> list[Record]:
        """Return the records of all resources."""
        pages = self._clients.ssm.get_paginator("get_parameters_by_path").paginate(
            Path=self._folder, Recursive=True
        )
        values = [item["Value"] for page in pages for item in page["Parameters"]]
        return [msgspec.json.decode(value, type=Record) for value in values]

    def save(self, record: Record) -> None:
        """Store a record; it replaces an earlier one of the same resource."""
        kind = record.type.rpartition(":")[2]
        self._clients.ssm.put_parameter(
            Name=f"{self._folder}/{kind}/{re.sub('[^a-zA-Z0-9_.-]', '_', record.name)}",
            Value=msgspec.json.encode(record).decode(),
            Type="String",
            Overwrite=True,
        )


def digests(inputs: Mapping[str, Any]) -> dict[str, str]:
    """Return a digest of each input that is set; of an archive, of its file's bytes."""
    return {name: _digest(inputs[name]) for name in inputs if inputs[name] is not None}


def _digest(value: object) -> str:
    if isinstance(value, pulumi.FileArchive):
        content = Path(value.path).read_bytes()
    else:
        content = json.dumps(value, sort_keys=True).encode()
    return hashlib.sha256(content).hexdigest()[:16]
