"""What people are notified of, and in which words. Pure.

A notice is a rule of the bus with an input transformer (EventBridge's user guide, "Input
transformation"). Each BatchCompleted matches exactly one of them. EventBridge does not escape the
values of a template, so a sentence names ids and numbers only; a webhook also gets the detail.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from stream_ingest.contracts.events import (
    ALARM_CHANGE,
    REDRIVE_SOURCE,
    BatchCompleted,
    sources_of,
)

_LOOK = "See: ops-dashboard status --batch <batch> --stack {stack}"
_COUNTS = (
    "<collages> collages of <windows> windows; <images_ok> images shown, <images_failed> cells"
    " empty; <rows_accepted> of <rows_read> rows accepted."
)
_VALUES = (
    "collages",
    "windows",
    "images_ok",
    "images_failed",
    "rows_accepted",
    "rows_read",
    "marks_missing",
)
_ENDS = ("rejected", "abandoned_at", "marks_missing")
"""Fields of BatchCompleted that say how a batch ended, if it did not end as planned."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One kind of message to people."""

    name: str
    ends: Mapping[str, bool]
    """Fields of the detail that are there, or are not."""
    text: str
    """A sentence with placeholders of EventBridge, and ``{stack}``."""

    @property
    def pattern(self) -> dict[str, Any]:
        """Return the events that it is about."""
        return {
            "source": [*sources_of(BatchCompleted), REDRIVE_SOURCE],
            "detail-type": [BatchCompleted.detail_type()],
            "detail": {name: [{"exists": there}] for name, there in self.ends.items()},
        }

    def paths(self) -> dict[str, str]:
        """Return where the values of its placeholders are in an event."""
        used = {name: f"$.detail.{name}" for name in _VALUES if f"<{name}>" in self.text}
        return {"batch": "$.detail.batch_id", **used}

    def mail(self, stack: str) -> str:
        """Return the template of its e-mail, which is plain text."""
        return json.dumps(self._sentence(stack))

    def json(self, stack: str) -> str:
        """Return the template of its JSON for a webhook, with the event's detail beside the text.

        Chat services show ``text``; `json_paths` has the values.
        """
        fields = {"text": self._sentence(stack), "stack": stack, "notice": self.name}
        return _with_detail(fields, batch_id="<batch>")

    def json_paths(self) -> dict[str, str]:
        """Return where the values of the JSON are in an event."""
        return {**self.paths(), "detail": "$.detail"}

    def _sentence(self, stack: str) -> str:
        look = _LOOK.format(stack=stack)
        return f"Coverstream {stack}: {self.text} {look}"


def _only(*present: str) -> dict[str, bool]:
    return {name: name in present for name in _ENDS}


NOTICES = (
    Notice(
        name="batch-done",
        ends=_only(),
        text="batch <batch> is done: " + _COUNTS,
    ),
    Notice(
        name="batch-incomplete",
        ends=_only("marks_missing"),
        text="batch <batch> has ended incomplete, without <marks_missing> of its end marks: "
        + _COUNTS,
    ),
    Notice(
        name="batch-abandoned",
        ends={"rejected": False, "abandoned_at": True},
        text="batch <batch> was abandoned, some of its rows may not have been sent: " + _COUNTS,
    ),
    Notice(
        name="file-rejected",
        ends={"rejected": True},
        text="the file of batch <batch> was rejected, none of its rows could be used.",
    ),
)
"""All notices about batches."""

REJECTED = "file-rejected"


def alarm_pattern(alarm_names: list[str]) -> dict[str, Any]:
    """Return the state changes of these alarms: those that start one or end one.

    CloudWatch puts them on the default bus. A new alarm that becomes OK is none of them.
    """
    return {
        "source": ["aws.cloudwatch", REDRIVE_SOURCE],
        "detail-type": [ALARM_CHANGE],
        "detail": {
            "alarmName": alarm_names,
            "$or": [
                {"state": {"value": ["ALARM", "INSUFFICIENT_DATA"]}},
                {"previousState": {"value": ["ALARM"]}},
            ],
        },
    }


ALARM_PATHS = {
    "alarm": "$.detail.alarmName",
    "state": "$.detail.state.value",
    "detail": "$.detail",
}


def alarm_json(stack: str) -> str:
    """Return the template of the JSON about an alarm for a webhook."""
    text = f"Coverstream {stack}: alarm <alarm> is <state>. See: ops-dashboard doctor"
    fields = {"text": f"{text} --stack {stack}", "stack": stack, "notice": "alarm"}
    return _with_detail(fields, alarm="<alarm>")


def _with_detail(fields: Mapping[str, str], **about: str) -> str:
    """Return a template of JSON with these fields and the event's detail, which is no text."""
    return json.dumps({**fields, **about}).removesuffix("}") + ', "detail": <detail>}'
