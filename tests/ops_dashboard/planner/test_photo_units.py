"""Write units of photos, as the embedded DynamoDB counts them by AWS's rules."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from ops_dashboard.local.aws.stack import LocalAws
from ops_dashboard.planner.photos import CHECK_WRITE_UNITS, WRITE_UNITS
from tests.bench.state import Units
from tests.fakes.photos.account import PhotoAccount

KEYS = ("anna-and-tom/IMG_1234.jpg", "original-uploads/cats/IMG_1234.jpg")


class CountedAccount(PhotoAccount):
    """An account whose write units are counted, and whose clock advances with each write."""

    def __init__(self, aws: LocalAws) -> None:
        dynamodb = aws.clients.untyped("dynamodb")
        super().__init__(dynamodb)
        self._units = Units(dynamodb)
        events = dynamodb.meta.events
        events.register("after-call.dynamodb.PutItem", lambda **_: self.clock.advance(1))

    def work_off(self) -> float:
        """Work off all messages; return the units."""
        self._units.taken()
        self.drain()
        return self._units.taken()


@pytest.fixture(scope="module")
def account(tmp_path_factory: pytest.TempPathFactory) -> Iterator[CountedAccount]:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        with LocalAws.start() as aws:
            yield CountedAccount(aws)


@pytest.mark.parametrize("key", KEYS)
def test_a_photo_takes_the_planned_write_units(account: CountedAccount, key: str) -> None:
    account.put(key, b"a photo")
    assert account.work_off() == WRITE_UNITS
    account.request(key)
    assert account.work_off() == 0
    account.request(key, again=True)
    assert account.work_off() <= WRITE_UNITS
    account.delete(key)
    assert account.work_off() == CHECK_WRITE_UNITS
