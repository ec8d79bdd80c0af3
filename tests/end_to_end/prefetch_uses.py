"""Uses each right for prefetched covers, to show that it is needed."""

from __future__ import annotations

import hashlib
import time
from typing import Any

import msgspec

from collage_lambda.originals.image_pack import PackWriter
from collage_lambda.prefetch.cover_pack import CoverPacker, PackIndex
from collage_lambda.prefetch.pack_store import PackStore
from stream_ingest.contracts.events import CoversExpiring, PrefetchedCover, WindowImage
from stream_ingest.contracts.naming import creator_key
from stream_ingest.windowing.repository import CreatorRepository
from stream_ingest.windowing.rules.prefetch import ExpiringCover
from stream_ingest.windowing.rules.state import OpenImage
from tests.end_to_end.iam_stack import CallResult, IamStack
from tests.end_to_end.receipts import new_receipt
from tests.fakes.collage.events import expiring_envelope
from tests.fakes.ingest.fold import put_open_window
from tests.fakes.sqs_delivery import sqs_event

_LIFE_S = 86_400


class PrefetchUses:
    """Uses of the rights to store, read and delete packs."""

    _stack: IamStack

    def _name(self) -> str:
        raise NotImplementedError

    def _window(self, creator: str, life_s: int = 0) -> Any:  # noqa: ANN401 - as its one implementation
        raise NotImplementedError

    def _build(self, window: Any, replay: str | None = None) -> CallResult:  # noqa: ANN401 - as above
        raise NotImplementedError

    def _call(self, role: str, service: str, operation: str, **arguments: object) -> CallResult:
        raise NotImplementedError

    def prefetch_covers(self) -> CallResult:
        """Fetch the covers of an open window that are about to expire, and record them."""
        creator, now_s = self._name(), int(time.time())
        store = CreatorRepository(
            self._clients.dynamodb, self._stack.outputs.table_name, prefetch=True
        )
        urls = [image.url for image in self._window(creator, life_s=3_000).images]
        put_open_window(store, creator, urls, now_s)
        result = self._prefetch(creator, f"prefetched/{creator}.zip")
        key = creator_key(creator)
        (window,) = store.load([key])[key].open.values()
        recorded = all(image.prefetched for image in window.images)
        return CallResult(done=result.done and recorded, text=result.text)

    def prefetch_without_need(self) -> CallResult:
        """Delete a pack that no window needs."""
        creator = self._name()
        pack = f"prefetched/{creator}.zip"
        self._put_pack(pack, [ExpiringCover(creator=creator, window="w", image=OpenImage("u", 1))])
        return self._prefetch(creator, pack)

    def build_with_prefetched_covers(self) -> CallResult:
        """Build a window from a pack, and delete the pack."""
        creator = self._name()
        window, pack = self._window(creator), f"prefetched/{creator}.zip"
        images: tuple[WindowImage, ...] = window.images
        waiting = [
            ExpiringCover(creator=creator, window="w", image=OpenImage(image.url, 1))
            for image in images
        ]
        index = self._put_pack(pack, waiting)
        self._pack_store.register(pack, range(len(waiting)), index.until)
        prefetched = [
            PrefetchedCover(
                pack=pack,
                member=number,
                offset=member.offset,
                length=member.length,
                sha256=member.sha256,
                until=index.until,
            )
            for number, member in enumerate(index.members)
        ]
        return self._build(
            msgspec.structs.replace(
                window,
                images=tuple(
                    msgspec.structs.replace(image, prefetched=each)
                    for image, each in zip(images, prefetched, strict=True)
                ),
            )
        )

    def receive_prefetch_requests(self) -> CallResult:
        """Lambda's poller receives messages."""
        return self._on_prefetch_queue("receive_message")

    def delete_prefetch_request(self) -> CallResult:
        """Lambda's poller deletes a handled message."""
        return self._on_prefetch_queue("delete_message", ReceiptHandle=self._prefetch_receipt())

    def retry_prefetch_soon(self) -> CallResult:
        """Have a request that failed received again soon."""
        return self._on_prefetch_queue(
            "change_message_visibility", ReceiptHandle=self._prefetch_receipt(), VisibilityTimeout=1
        )

    def _prefetch_receipt(self) -> str:
        return new_receipt(self._clients.sqs, self._stack.outputs.prefetch_queue_url)

    def inspect_prefetch_queue(self) -> CallResult:
        """Lambda's poller reads the queue's attributes."""
        return self._on_prefetch_queue("get_queue_attributes", AttributeNames=["All"])

    @property
    def _clients(self) -> Any:  # noqa: ANN401 - boto3 builds its classes at run time
        return self._stack.aws.clients

    @property
    def _pack_store(self) -> PackStore:
        outputs, clients = self._stack.outputs, self._clients
        return PackStore(clients.s3, outputs.temp_bucket, clients.dynamodb, outputs.table_name)

    def _put_pack(self, key: str, waiting: list[ExpiringCover]) -> PackIndex:
        """Store a pack with administrator rights; its covers are not images."""
        with CoverPacker(int(time.time()), _LIFE_S) as packer, PackWriter() as pack:
            for number, each in enumerate(waiting):
                packer.add_cover([each], each.image.url, hashlib.sha256(b"%d" % number).digest())
            index = packer.write(pack)
            assert self._pack_store.put(key, pack.seal(index))
        return index

    def _prefetch(self, creator: str, pack: str) -> CallResult:
        event = CoversExpiring(pack=pack, creators=(creator,), covers=1)
        return self._stack.invoke("prefetch", sqs_event(expiring_envelope(event)))

    def _on_prefetch_queue(self, operation: str, **arguments: object) -> CallResult:
        url = self._stack.outputs.prefetch_queue_url
        return self._call("prefetch", "sqs", operation, QueueUrl=url, **arguments)
