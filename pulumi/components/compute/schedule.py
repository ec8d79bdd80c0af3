"""A schedule that invokes a function, with the role for it. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass

import pulumi_aws as aws
from components.compute.function import FunctionArgs
from components.messaging.queue import Queue
from components.security import policies, role_policies
from components.security.hardening import allow_key

import pulumi

TICK_RETRY_S = 60
TICK_RETRIES = 1
"""A tick is dropped after a minute: the next one does the same work."""


@dataclass(frozen=True, kw_only=True)
class ScheduleArgs:
    """What to invoke, and how often.

    `input` is the function's event, by default the scheduler's; ticks that could not be delivered
    go to `dead_letters`, if there is a queue for them.
    """

    schedule_name: str
    account: pulumi.Input[str]
    rate: str
    function: aws.lambda_.Function
    settings: FunctionArgs
    input: str | None = None
    dead_letters: Queue | None = None


def create_schedule(name: str, args: ScheduleArgs, child: pulumi.ResourceOptions) -> None:
    """Create the role ``<name>-schedule`` and the schedule `name`, as children of a component."""
    role_name, letters = f"{name}-schedule", args.dead_letters
    role = aws.iam.Role(
        role_name,
        name=f"{args.schedule_name}-schedule",
        assume_role_policy=policies.document(
            policies.trust, service="scheduler.amazonaws.com", account=args.account
        ),
        opts=child,
    )
    arns = {"function_arn": args.function.arn}
    granted: list[pulumi.Resource] = [
        aws.iam.RolePolicy(
            role_name,
            name="own",
            role=role.name,
            policy=policies.document(
                role_policies.scheduler,
                **({**arns, "dead_letter_arn": letters.arn} if letters else arns),
            ),
            opts=child,
        )
    ]
    if letters:
        granted += allow_key(role_name, args.settings.hardening, role.name, ("sqs",), child)
    aws.scheduler.Schedule(
        name,
        name=args.schedule_name,
        schedule_expression=args.rate,
        flexible_time_window={"mode": "OFF"},
        target=_target(args, role.arn),
        opts=pulumi.ResourceOptions.merge(child, pulumi.ResourceOptions(depends_on=granted)),
    )


def _target(
    args: ScheduleArgs, role_arn: pulumi.Output[str]
) -> aws.scheduler.ScheduleTargetArgsDict:
    target: aws.scheduler.ScheduleTargetArgsDict = {
        "arn": args.function.arn,
        "role_arn": role_arn,
        "retry_policy": {
            "maximum_event_age_in_seconds": TICK_RETRY_S,
            "maximum_retry_attempts": TICK_RETRIES,
        },
    }
    if args.dead_letters:
        target["dead_letter_config"] = {"arn": args.dead_letters.arn}
    if args.input:
        target["input"] = args.input
    return target
