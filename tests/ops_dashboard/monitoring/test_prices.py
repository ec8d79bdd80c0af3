from __future__ import annotations

import pytest

from ops_dashboard.monitoring import cost
from ops_dashboard.monitoring.prices import LIST, Prices


def test_a_price_is_divided_by_its_quantity() -> None:
    assert LIST.dynamodb_write.one == pytest.approx(0.000000625)
    assert LIST.s3_put.one == pytest.approx(0.000005)


def test_a_replaced_price_keeps_its_quantity() -> None:
    changed = LIST.changed({"s3_put": 0.0054})
    assert changed.s3_put.one == pytest.approx(0.0000054)
    assert changed.dynamodb_write == LIST.dynamodb_write


def test_only_the_price_list_contains_prices() -> None:
    """Alarms and plans use the same prices: cost.py multiplies those of the list."""
    assert cost.collage_usd() == pytest.approx(
        (4 + 1 / 5) * LIST.s3_put.one
        + (1 + 2 / 5) * LIST.sqs_request.one
        + 2 * LIST.event.one
        + LIST.lambda_request.one / 5
    )
    assert all(getattr(Prices(), name).usd > 0 for name in Prices.__struct_fields__)
