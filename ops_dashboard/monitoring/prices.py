"""AWS's list prices, for alarms and plans. Pure.

docs/facts.md#prices: us-east-1, read from infracost's copies of AWS's price list. They
have not been checked against a bill. ``ops-dashboard plan --prices`` replaces them for a plan;
alarms use these.
"""

from __future__ import annotations

from collections.abc import Mapping

import msgspec

REGION = "us-east-1"
DATE = "2024-11-15"
"""Date of the newest list used; most prices are of 2024-07-01."""
SOURCE = "AWS price list by way of infracost's golden files (docs/facts.md#prices)"

MILLION = 1_000_000


class Price(msgspec.Struct, frozen=True):
    """`usd` for every `per` of `what`."""

    usd: float
    per: int
    what: str

    @property
    def one(self) -> float:
        """USD for one."""
        return self.usd / self.per


class Prices(msgspec.Struct, frozen=True, kw_only=True):
    """All prices used by the project; a field's name is its key in a file of prices."""

    lambda_gb_s: Price = Price(0.0000133334, 1, "GB-s of arm64")
    lambda_tmp_gb_s: Price = Price(0.0000000309, 1, "GB-s of temporary storage")
    lambda_request: Price = Price(0.20, MILLION, "invocations")
    kinesis_on_demand_hour: Price = Price(0.04, 1, "stream hours")
    kinesis_on_demand_gb_in: Price = Price(0.08, 1, "GB in")
    kinesis_on_demand_gb_out: Price = Price(0.04, 1, "GB out")
    kinesis_shard_hour: Price = Price(0.015, 1, "shard hours")
    kinesis_put_unit: Price = Price(0.014, MILLION, "units of 25 KB")
    dynamodb_write: Price = Price(0.625, MILLION, "write units")
    dynamodb_read: Price = Price(0.125, MILLION, "read units")
    s3_put: Price = Price(0.005, 1_000, "PUTs")
    s3_get: Price = Price(0.0004, 1_000, "GETs")
    s3_gb_month: Price = Price(0.023, 1, "GB-months")
    sqs_request: Price = Price(0.40, MILLION, "requests")
    event: Price = Price(1.00, MILLION, "events")
    archive_gb: Price = Price(0.10, 1, "GB")
    cdn_gb: Price = Price(0.085, 1, "GB to viewers in Europe and North America")
    cdn_request: Price = Price(0.01, 10_000, "HTTPS requests of viewers in North America")
    log_gb: Price = Price(0.50, 1, "GB")
    dashboard_month: Price = Price(3.0, 1, "months")
    alarm_metric_month: Price = Price(0.10, 1, "months")
    metric_month: Price = Price(0.30, 1, "months")

    def changed(self, usd: Mapping[str, float]) -> Prices:
        """Return the list with some prices replaced; each keeps its `per`."""
        new = {
            name: msgspec.structs.replace(getattr(self, name), usd=price)
            for name, price in usd.items()
        }
        return msgspec.structs.replace(self, **new)


LIST = Prices()
