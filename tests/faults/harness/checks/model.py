"""The expected result of the pipeline, computed from the stream alone: a model without faults.

A creator's images are in stream order, with each record counted once. An image belongs to the
windows of the settings of its first row; every further row is a duplicate of its own batch, which
may still request to close the image's window when it ends. The model knows no states, watermarks or
tables.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field

from stream_ingest.contracts.errors import DecodeError
from stream_ingest.contracts.identity import expires_at
from stream_ingest.contracts.settings import BatchSettings
from stream_ingest.records.codec import LAST_NUMBER, BatchHeader, PackedRecord, unpack
from tests.faults.harness.aws.kinesis import StreamRecord


@dataclass(frozen=True, slots=True)
class Expected:
    """An accepted image and its first row."""

    identity: str
    url: str
    batch_id: str
    settings: BatchSettings
    ending: set[str] = field(default_factory=set)
    """Batches that had a row of it and close windows when they end."""

    def sent_by(self, batch: BatchHeader) -> None:
        """Record that a batch had a row of this image."""
        same = batch.settings.window_key == self.settings.window_key
        if same and batch.settings.flush.kind == "batch-end":
            self.ending.add(batch.batch_id)

    @property
    def expires(self) -> bool:
        """Return whether its URL expires, so that its window has to close."""
        return expires_at(self.url) is not None


@dataclass
class Model:
    """All creators and batches after a stream."""

    images: dict[tuple[str, str], list[Expected]] = field(default_factory=lambda: defaultdict(list))
    """By creator and layout: the images in the order of their windows."""
    accepted: Counter[str] = field(default_factory=Counter)
    duplicates: Counter[str] = field(default_factory=Counter)
    rows: dict[tuple[str, str], list[str]] = field(default_factory=lambda: defaultdict(list))
    """By batch and creator: the identities of all rows that reached the stream, in order."""
    poison: list[int] = field(default_factory=list)
    creators: set[str] = field(default_factory=set)


def model_of(shards: Iterable[list[StreamRecord]]) -> Model:
    """Return the model of a stream; asserts that the producer preserved each bucket's order."""
    model = Model()
    next_number: Counter[tuple[str, int]] = Counter()
    known: dict[tuple[str, str], Expected] = {}
    sent: dict[tuple[str, int, int], bytes] = {}
    for shard in shards:
        for record in shard:
            try:
                packed = unpack(record.data)
            except DecodeError:
                model.poison.append(record.sequence)
                continue
            place = (packed.batch.batch_id, packed.bucket, packed.number)
            if place in sent:
                assert sent[place] == record.data, f"{place} was sent with other bytes"
                continue
            sent[place] = record.data
            if packed.number != LAST_NUMBER:  # the mark of an abandoned batch
                assert packed.number == next_number[place[:2]], f"{place} overtook another record"
                next_number[place[:2]] += 1
            _apply(model, packed, known)
    return model


def _apply(model: Model, packed: PackedRecord, known: dict[tuple[str, str], Expected]) -> None:
    batch = packed.batch
    for row in packed.cover_rows():
        model.creators.add(row.creator)
        model.rows[batch.batch_id, row.creator].append(row.identity)
        image = known.get((row.creator, row.identity))
        if image is None:
            model.accepted[batch.batch_id] += 1
            image = Expected(row.identity, row.url, batch.batch_id, batch.settings)
            known[row.creator, row.identity] = image
            model.images[row.creator, repr(batch.settings.layout)].append(image)
        else:
            model.duplicates[batch.batch_id] += 1
        image.sent_by(batch)
