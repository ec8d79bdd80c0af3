"""The three buckets: input, output and temporary files. Edge (Pulumi)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from components.data.bucket import Expiry, PrivateBucket, PrivateBucketArgs, Transition

import pulumi

DEBUG_DAYS = 30
_YEAR = 365
INPUT_TRANSITIONS = (
    Transition(days=30, storage_class="STANDARD_IA"),
    Transition(days=90, storage_class="GLACIER"),
    Transition(days=365, storage_class="DEEP_ARCHIVE"),
)
OUTPUT_TRANSITIONS = (
    Transition(days=90, storage_class="STANDARD_IA"),
    Transition(days=365, storage_class="GLACIER"),
)


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """Buckets are named ``<prefix>-<purpose>-<account>-<region>``: names are global in AWS.

    `names` names some of them otherwise, by purpose; those of `adopted` exist already.
    """

    prefix: str
    account: pulumi.Input[str]
    region: pulumi.Input[str]
    archive_retention_days: int
    """How long events can be replayed; 0 means for ever."""
    dead_letter_days: int
    """How long queues store messages."""
    originals_expire_days: int
    """0 means as long as events can be replayed."""
    prefetch_expire_days: int
    protect: bool
    names: Mapping[str, str] = field(default_factory=dict)
    adopted: Sequence[str] = ()
    key_arn: pulumi.Input[str] | None = None


def _temp_expiries(args: StorageArgs) -> tuple[Expiry, ...]:
    """Return how long temporary objects live: longer than the messages that refer to them.

    An image list is referred to by an archived event, and after its replay by a dead letter; a
    job's chunks by its dead letter and by that of its redrive.
    """
    archived, dead = args.archive_retention_days, args.dead_letter_days
    lists = (Expiry(prefix="processing/windows/", days=archived + dead + 2),)
    return (
        Expiry(prefix="processing/intake/", days=2 * dead + 2),
        *(lists if archived else ()),
        Expiry(prefix="processing/attempts/", days=dead),
        Expiry(prefix="debug/", days=DEBUG_DAYS),
        Expiry(
            prefix="originals/", days=args.originals_expire_days or min(archived or _YEAR, _YEAR)
        ),
        Expiry(prefix="prefetched/", days=args.prefetch_expire_days),
    )


class Storage(pulumi.ComponentResource):
    """Buckets `input` and `output` (versioned) and `temp` (its prefixes expire).

    Objects in `input` and `output` move to cheaper storage classes with age, and are never deleted.
    From GLACIER on they have to be restored before they can be read.
    """

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the buckets."""
        super().__init__("coverstream:index:Storage", name, None, opts)
        self._args = args
        # Versioned, so that a file that is replaced while it is read can be read to its end.
        self.input = self._bucket("input", versioned=True, transitions=INPUT_TRANSITIONS)
        self.output = self._bucket("output", versioned=True, transitions=OUTPUT_TRANSITIONS)
        self.temp = self._bucket("temp", expiries=_temp_expiries(args))
        self.register_outputs({"output": self.output.name})

    def _bucket(
        self,
        purpose: str,
        *,
        versioned: bool = False,
        expiries: tuple[Expiry, ...] = (),
        transitions: tuple[Transition, ...] = (),
    ) -> PrivateBucket:
        args = self._args
        return PrivateBucket(
            purpose,
            PrivateBucketArgs(
                bucket_name=args.names.get(purpose)
                or pulumi.Output.concat(
                    args.prefix, "-", purpose, "-", args.account, "-", args.region
                ),
                adopted_name=args.names[purpose] if purpose in args.adopted else "",
                protect=args.protect,
                versioned=versioned,
                expiries=expiries,
                transitions=transitions,
                key_arn=args.key_arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
