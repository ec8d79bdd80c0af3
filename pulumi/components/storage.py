"""The three buckets: input, output and temporary files. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

from components.bucket import Ageing, Expiry, PrivateBucket, PrivateBucketArgs

import pulumi

PROCESSING_DAYS = 7
DEBUG_DAYS = 30
INPUT_AGEING = (
    Ageing(days=30, storage_class="STANDARD_IA"),
    Ageing(days=90, storage_class="GLACIER"),
    Ageing(days=365, storage_class="DEEP_ARCHIVE"),
)
OUTPUT_AGEING = (
    Ageing(days=90, storage_class="STANDARD_IA"),
    Ageing(days=365, storage_class="GLACIER"),
)


@dataclass(frozen=True, kw_only=True)
class StorageArgs:
    """Names are ``<prefix>-<purpose>-<account>-<region>``: all of AWS shares them."""

    prefix: str
    account: pulumi.Input[str]
    region: pulumi.Input[str]
    originals_expire_days: int
    prefetch_expire_days: int
    protect: bool
    key_arn: pulumi.Input[str] | None = None


class Storage(pulumi.ComponentResource):
    """Buckets `input` and `output` (versioned) and `temp` (its prefixes expire).

    What ages in `input` and `output` costs less and less; from GLACIER on it has to be restored
    before it can be read. Nothing there is ever deleted.
    """

    def __init__(
        self, name: str, args: StorageArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create the buckets."""
        super().__init__("coverstream:index:Storage", name, None, opts)
        self._args = args
        # Versions: a file that is replaced while it is read is read to its own end.
        self.input = self._bucket("input", versioned=True, ageing=INPUT_AGEING)
        self.output = self._bucket("output", versioned=True, ageing=OUTPUT_AGEING)
        self.temp = self._bucket(
            "temp",
            expiries=(
                Expiry(prefix="processing/", days=PROCESSING_DAYS),
                Expiry(prefix="debug/", days=DEBUG_DAYS),
                Expiry(prefix="originals/", days=args.originals_expire_days),
                Expiry(prefix="prefetched/", days=args.prefetch_expire_days),
            ),
        )
        self.register_outputs({"output": self.output.name})

    def _bucket(
        self,
        purpose: str,
        *,
        versioned: bool = False,
        expiries: tuple[Expiry, ...] = (),
        ageing: tuple[Ageing, ...] = (),
    ) -> PrivateBucket:
        args = self._args
        return PrivateBucket(
            purpose,
            PrivateBucketArgs(
                bucket_name=pulumi.Output.concat(
                    args.prefix, "-", purpose, "-", args.account, "-", args.region
                ),
                protect=args.protect,
                versioned=versioned,
                expiries=expiries,
                ageing=ageing,
                key_arn=args.key_arn,
            ),
            pulumi.ResourceOptions(parent=self),
        )
