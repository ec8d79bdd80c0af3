"""The life cycle of a window: who may move it, under which condition, and what that changes. Pure.

A window's state is in its item (`table.window_status`): ``status`` is ``ready`` until it ends, and
``stage`` says how far it is, so that moves before its end write no index but that of what is due.
Older versions had all in ``status``. Every arrow is one conditional write::

    create ──► ready ── queue ──► queued ◄──┐
                 │                  │       │ release; or queue, once the lease is over
                 │ claim            │ claim │
                 └────────────► processing ─┴─ finish, keep collage ──► completed
                                    ▲                                   partial
                                    └──── claim, by a new replay ────── failed

    not ended ── abandon ──► failed                (no worker finished it)
    not ended ── restore ──► completed, partial    (it has a collage; a replay of it failed)
    not ended ── fail ──► failed                   (its item cannot be read)

============  ================  =============================  ==================  ================
move          made by           condition                      to                  due again after
============  ================  =============================  ==================  ================
create        stream processor  no item                        ready               `OUTBOX_DELAY_S`
queue         emitter           waiting, or lease over         queued              `REQUEUE_AFTER_S`
claim         collage worker    waiting, lease over, or ended  processing          the lease and
                                and a new replay                                   `DUE_MARGIN_S`
claim absent  collage worker    no item, and its creator was   processing          the lease and
                                not erased since it closed                         `DUE_MARGIN_S`
finish        collage worker    its own lease                  completed, partial  never
                                                               or failed
keep collage  collage worker    its own lease                  completed, partial  never
release       collage worker    its own lease                  queued              `RETRY_DUE_S`
abandon       sweeper           unchanged since it was read    failed              never
restore       sweeper           unchanged since it was read    completed, partial  never
fail          sweeper           not ended; cannot be read      failed              never
============  ================  =============================  ==================  ================

Besides the status and the due time, *queue* counts ``emissions`` and *claim* counts ``attempts``
and writes the lease; every move out of ``processing`` by its worker, *abandon* and *restore* remove
the lease. A lease outlives its invocation, so when it is over its holder is dead on Lambda; the
condition on ``lease_owner`` stops a worker that lost its lease all the same.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from stream_ingest.contracts import table
from stream_ingest.contracts.events import WindowReady
from stream_ingest.contracts.naming import split_window_id
from stream_ingest.contracts.table import WindowStatus

OUTBOX_DELAY_S = 60
"""A window that is still ``ready`` after this long is emitted again by the sweeper."""
REQUEUE_AFTER_S = 6 * 3_600
"""A window that is still ``queued`` after this long is emitted again by the sweeper.

Longer than any backlog that a collage queue should have: emitting it earlier only doubles messages.
"""
DUE_MARGIN_S = 60
"""How long after a lease's end the sweeper finds its window due."""
RETRY_DUE_S = 900
"""When the sweeper finds a released window due, in case its message is not delivered again."""

_LEASE = ("lease_owner", "lease_until")
_DUE = ("due_shard", "due_at")

_NO_STATUS = "attribute_not_exists(#status)"
_OPEN = "#status IN (:ready, :queued, :processing)"
_OPEN_VALUES = {f":{status}": str(status) for status in table.OPEN}
_FREE = "(attribute_not_exists(lease_until) OR lease_until < :now)"
"""Only a window that is being built has a lease, or one whose worker died."""
_ENDED = "#status IN (:completed, :partial, :failed)"
_NEW_REPLAY = "(attribute_not_exists(replayed_as) OR replayed_as <> :replay)"

ABSENT = "attribute_not_exists(creator_name)"
"""Condition of *create*: the transaction of a window that exists is refused as a whole."""
QUEUEABLE = f"{_OPEN} AND {_FREE}"
CLAIMABLE = QUEUEABLE
CLAIMABLE_BY_REPLAY = f"({CLAIMABLE}) OR ({_ENDED} AND {_NEW_REPLAY})"
CLAIMABLE_IF_ABSENT = _NO_STATUS
NOT_ERASED = "attribute_not_exists(erased_at) OR erased_at < :closed"
"""Condition of *claim absent* on the creator's state: an erased window must not come back."""
OWN_LEASE = "lease_owner = :owner"
UNCHANGED = "#status = :seen AND (attribute_not_exists(attempts) OR attempts = :attempts)"
"""A worker that claimed the window since has counted an attempt, whatever its status is by now."""

Seen = tuple[str, str | None]
"""The attributes ``status`` and ``stage`` of an item as it was read."""


@dataclass(frozen=True, kw_only=True)
class Move:
    """One arrow of the life cycle: the parts of an UpdateItem request, with plain values."""

    update: str
    condition: str
    names: dict[str, str]
    values: dict[str, object]


def create(key: str, now_s: int) -> dict[str, object]:
    """Return the attributes with which a new window of the creator `key` starts as ``ready``.

    They are put under `ABSENT`, in the transaction that moves the creator's state.
    """
    return {
        "status": str(WindowStatus.READY),
        "due_shard": table.due_shard(key),
        "due_at": now_s + OUTBOX_DELAY_S,
    }


def queue(now_s: int) -> Move:
    """Return the move of a window whose event the bus has taken. Changes stage, due_at, emissions.

    A window that a worker has claimed or ended meanwhile is further along: the condition fails.
    """
    return Move(
        update="SET #status = :ready, stage = :queued, due_at = :due ADD emissions :one",
        condition=QUEUEABLE,
        names={"#status": "status"},
        values={**_OPEN_VALUES, ":now": now_s, ":due": now_s + REQUEUE_AFTER_S, ":one": 1},
    )


def claim(  # noqa: PLR0913 - who claims, when and for what
    event: WindowReady, *, owner: str, now_s: int, until_s: int, date: str, replay: str | None
) -> Move:
    """Return the claim of a window until `until_s`; `date` is its ``processing_date``.

    Changes stage, lease, due time and attempts, and writes what identifies the window. With a
    `replay`, a window that has ended is claimed too, unless that very replay has been applied.
    """
    values: dict[str, object] = {**_OPEN_VALUES, ":now": now_s}
    condition = CLAIMABLE
    if replay is not None:
        condition = CLAIMABLE_BY_REPLAY
        values[":replay"] = replay
        values |= {f":{status}": str(status) for status in table.ENDED}
    return _claim(
        event, owner=owner, until_s=until_s, date=date, condition=condition, values=values
    )


def claim_absent(event: WindowReady, *, owner: str, until_s: int, date: str) -> Move:
    """Return the claim of a window that has no item: a replay into an empty table.

    Makes the item from the event. It belongs into a transaction that checks `NOT_ERASED`.
    """
    return _claim(
        event,
        owner=owner,
        until_s=until_s,
        date=date,
        condition=CLAIMABLE_IF_ABSENT,
        values={},
    )


def _claim(  # noqa: PLR0913 - who claims, when and for what
    event: WindowReady,
    *,
    owner: str,
    until_s: int,
    date: str,
    condition: str,
    values: Mapping[str, object],
) -> Move:
    key, _ = split_window_id(event.window_id)
    return Move(
        update="SET #status = :ready, stage = :processing, lease_owner = :owner,"
        " lease_until = :until, due_shard = :shard, due_at = :due, window_id = :window_id,"
        " creator = :creator, batch_id = :batch_id, #trigger = :trigger, processing_date = :date,"
        " image_count = :image_count ADD attempts :one",
        condition=condition,
        names={"#status": "status", "#trigger": "trigger"},
        values={
            **values,
            ":ready": str(WindowStatus.READY),
            ":processing": str(WindowStatus.PROCESSING),
            ":owner": owner,
            ":until": until_s,
            ":shard": table.due_shard(key),
            ":due": until_s + DUE_MARGIN_S,
            ":window_id": event.window_id,
            ":creator": event.creator,
            ":batch_id": event.batch_id,
            ":trigger": event.trigger,
            ":date": date,
            ":image_count": event.image_count,
            ":one": 1,
        },
    )


def finish(owner: str, attributes: Mapping[str, object], replay: str | None) -> Move:
    """Return the end of a build with `attributes`, its status among them.

    Changes these attributes (those that are None are removed) and, for a replay, ``replayed_as``;
    removes ``kept_because``, stage, lease and due time.
    """
    ended = {**attributes, **_applied(replay)}
    return _leave(owner, ended, "kept_because", table.STAGE, *_LEASE, *_DUE)


def keep_collage(owner: str, status: WindowStatus, replay: str | None, because: str) -> Move:
    """Return the end of a rebuild that is worse than the collage that exists.

    Changes status, ``kept_because`` and, for a replay, ``replayed_as``; removes stage, lease and
    due time.
    """
    attributes = {"status": str(status), "kept_because": because, **_applied(replay)}
    return _leave(owner, attributes, table.STAGE, *_LEASE, *_DUE)


def release(owner: str, now_s: int) -> Move:
    """Return the move of a window back into the queue after a transient error.

    Changes stage and due_at; removes the lease.
    """
    attributes = {"status": str(WindowStatus.READY), table.STAGE: str(WindowStatus.QUEUED)}
    return _leave(owner, {**attributes, "due_at": now_s + RETRY_DUE_S}, *_LEASE)


def abandon(  # noqa: PLR0913 - what was read, and what is written
    *,
    seen: Seen,
    attempts: int,
    reason: str,
    failures: dict[str, int],
    images_failed: int,
    completed_at: str,
) -> Move:
    """Return the end of a window that no worker finished; `seen` and `attempts` are as read.

    Changes status, error, failures, counts and completed_at; removes stage, lease and due time.
    """
    return _end_unchanged(
        seen,
        attempts,
        {
            "status": str(WindowStatus.FAILED),
            "error": reason,
            "failures": failures,
            "images_ok": 0,
            "images_failed": images_failed,
            "completed_at": completed_at,
        },
    )


def fail_unreadable(*, reason: str, completed_at: str) -> Move:
    """Return the end of a window whose item cannot be read. Changes status, error, completed_at."""
    return Move(
        update="SET #status = :failed, #error = :reason, completed_at = :at"
        f" REMOVE {', '.join((table.STAGE, *_DUE, *_LEASE))}",
        condition=f"attribute_exists(creator_name) AND NOT ({_ENDED})",
        names={"#status": "status", "#error": "error"},
        values={":reason": reason, ":at": completed_at, **{f":{end}": end for end in table.ENDED}},
    )


def restore(*, seen: Seen, attempts: int, status: WindowStatus) -> Move:
    """Return the end of a failed replay: the window is again what its collage makes it.

    Changes the status; removes stage, lease and due time.
    """
    return _end_unchanged(seen, attempts, {"status": str(status)})


def _applied(replay: str | None) -> dict[str, object]:
    """Return the attribute that makes a replay apply once; an ordinary build writes none."""
    return {} if replay is None else {"replayed_as": replay}


def _leave(owner: str, attributes: Mapping[str, object], *removed: str) -> Move:
    """Return a move of the lease's owner that sets attributes and removes those that are None."""
    present = {name: value for name, value in attributes.items() if value is not None}
    absent = {*removed, *(attributes.keys() - present.keys())}
    return Move(
        update=f"SET {', '.join(f'#{name} = :{name}' for name in present)}"
        f" REMOVE {', '.join(f'#{name}' for name in sorted(absent))}",
        condition=OWN_LEASE,
        names={f"#{name}": name for name in (*present, *absent)},
        values={f":{name}": value for name, value in present.items()} | {":owner": owner},
    )


def _end_unchanged(seen: Seen, attempts: int, attributes: Mapping[str, object]) -> Move:
    status, stage = seen
    seen_values = {":seen": status, ":attempts": attempts} | ({":stage": stage} if stage else {})
    return Move(
        update=f"SET {', '.join(f'#{name} = :{name}' for name in attributes)}"
        f" REMOVE {', '.join((table.STAGE, *_DUE, *_LEASE))}",
        condition=f"{UNCHANGED} AND {'stage = :stage' if stage else 'attribute_not_exists(stage)'}",
        names={f"#{name}": name for name in attributes},
        values={f":{name}": value for name, value in attributes.items()} | seen_values,
    )
