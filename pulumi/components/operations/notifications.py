"""E-mails and a webhook about batches, rejected files and alarms. Edge (Pulumi)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import pulumi_aws as aws
from components.messaging.queue import Queue, QueueArgs
from components.operations import notices
from components.operations.notices import NOTICES, Notice
from components.security import notification_policies, policies

import pulumi
from stream_ingest.contracts.dead_letter_kinds import DeadLetterKind

RETRY_S = 86_400
RETRIES = 185
"""The maximum of both that EventBridge allows; then an event becomes a dead letter."""
DEFAULT_BUS = "default"
"""Bus on which CloudWatch reports alarms."""
ALARMS = "alarms"
STACK_HEADER = "X-Coverstream-Stack"
"""Header with the stack's name, for a webhook without a secret; a connection has to have one."""


@dataclass(frozen=True, kw_only=True)
class NotificationArgs:
    """Who is notified, of what, and how."""

    prefix: str
    stack: str
    account: pulumi.Input[str]
    """Account on whose behalf EventBridge sends."""
    bus_name: pulumi.Input[str]
    alarm_topic_arn: pulumi.Input[str]
    alarm_names: Sequence[pulumi.Input[str]]
    emails: Sequence[str]
    webhook_url: str = field(repr=False)
    header: str
    secret: str = field(repr=False)
    per_second: int
    subjects: Sequence[str]
    """``alarms``, ``batches``, ``rejected-files``."""
    key_arn: pulumi.Input[str] | None


@dataclass(frozen=True)
class _Target:
    """Where a rule sends to, and its right to do so."""

    arn: pulumi.Output[str]
    allowed: pulumi.Resource
    role_arn: pulumi.Output[str] | None = None


def dead_letters_name(prefix: str) -> str:
    """Return the name of the queue of what could not be delivered."""
    return f"{prefix}-{DeadLetterKind.NOTIFICATION}-dead-letters"


class Notifications(pulumi.ComponentResource):
    """A topic for e-mails, a destination for the webhook, and the rules that send to both."""

    def __init__(
        self, name: str, args: NotificationArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create what the arguments ask for."""
        super().__init__("coverstream:index:Notifications", name, None, opts)
        self._args, self._child = args, pulumi.ResourceOptions(parent=self)
        self._notices = [notice for notice in NOTICES if _wants(args, notice)]
        self._rules = {notice.name: self._rule(notice) for notice in self._notices}
        alarm_rule = self._alarm_rule() if args.webhook_url and ALARMS in args.subjects else None
        self.dead_letters = Queue(
            "notification-dead-letters",
            QueueArgs(
                queue_name=dead_letters_name(args.prefix),
                rule_arns=tuple(
                    rule.arn for rule in (*self._rules.values(), alarm_rule) if rule is not None
                ),
                key_arn=args.key_arn,
            ),
            self._child,
        )
        if args.emails and ALARMS in args.subjects:
            self._subscribe(ALARMS, args.alarm_topic_arn)
        if args.emails and self._notices:
            self._mail()
        if args.webhook_url:
            self._webhook(alarm_rule)
        self.register_outputs({"dead_letters": self.dead_letters.url})

    def _rule(self, notice: Notice) -> aws.cloudwatch.EventRule:
        return aws.cloudwatch.EventRule(
            notice.name,
            name=f"{self._args.prefix}-{notice.name}",
            event_bus_name=self._args.bus_name,
            event_pattern=json.dumps(notice.pattern),
            opts=self._child,
        )

    def _alarm_rule(self) -> aws.cloudwatch.EventRule:
        names = pulumi.Output.all(*self._args.alarm_names)
        return aws.cloudwatch.EventRule(
            "alarm-changed",
            name=f"{self._args.prefix}-alarm-changed",
            event_bus_name=DEFAULT_BUS,
            event_pattern=pulumi.Output.json_dumps(names.apply(notices.alarm_pattern)),
            opts=self._child,
        )

    def _subscribe(self, subject: str, topic_arn: pulumi.Input[str]) -> None:
        for address in self._args.emails:
            aws.sns.TopicSubscription(
                f"{subject}-{address}",
                topic=topic_arn,
                protocol="email",
                endpoint=address,
                opts=self._child,
            )

    def _mail(self) -> None:
        """Send notices to the addresses, by a topic of their own: alarms have another one."""
        name = f"{self._args.prefix}-notices"
        topic = aws.sns.Topic(
            "notices", name=name, kms_master_key_id=self._args.key_arn, opts=self._child
        )
        allowed = aws.sns.TopicPolicy(
            "notices",
            arn=topic.arn,
            policy=policies.document(
                notification_policies.topic,
                topic_arn=topic.arn,
                rule_arns=[rule.arn for rule in self._rules.values()],
            ),
            opts=self._child,
        )
        self._subscribe("notices", topic.arn)
        for notice in self._notices:
            template = _template(notice.paths(), notice.mail(self._stack))
            rule = self._rules[notice.name]
            self._target(f"{notice.name}-mail", rule, template, _Target(topic.arn, allowed))

    def _webhook(self, alarm_rule: aws.cloudwatch.EventRule | None) -> None:
        destination, role, allowed = self._destination()
        target = _Target(destination.arn, allowed, role.arn)
        for notice in self._notices:
            template = _template(notice.json_paths(), notice.json(self._stack))
            rule = self._rules[notice.name]
            self._target(f"{notice.name}-webhook", rule, template, target)
        if alarm_rule is not None:
            template = _template(notices.ALARM_PATHS, notices.alarm_json(self._stack))
            self._target("alarm-webhook", alarm_rule, template, target)

    def _destination(
        self,
    ) -> tuple[aws.cloudwatch.EventApiDestination, aws.iam.Role, pulumi.Resource]:
        """Return the destination, and the role of the rules that send to it with its rights."""
        args, name = self._args, f"{self._args.prefix}-webhook"
        value = pulumi.Output.secret(args.secret or args.prefix)
        connection = aws.cloudwatch.EventConnection(
            "webhook",
            name=name,
            authorization_type="API_KEY",
            auth_parameters={"api_key": {"key": args.header, "value": value}},
            opts=self._child,
        )
        destination = aws.cloudwatch.EventApiDestination(
            "webhook",
            name=name,
            connection_arn=connection.arn,
            invocation_endpoint=pulumi.Output.secret(args.webhook_url),
            http_method="POST",
            invocation_rate_limit_per_second=args.per_second,
            opts=self._child,
        )
        role = aws.iam.Role(
            "webhook",
            name=name,
            assume_role_policy=policies.document(
                policies.trust, service="events.amazonaws.com", account=args.account
            ),
            opts=self._child,
        )
        allowed = aws.iam.RolePolicy(
            "webhook",
            name="own",
            role=role.name,
            policy=policies.document(
                notification_policies.webhook, destination_arn=destination.arn
            ),
            opts=self._child,
        )
        return destination, role, allowed

    @property
    def _stack(self) -> str:
        return self._args.stack

    def _target(
        self,
        name: str,
        rule: aws.cloudwatch.EventRule,
        template: aws.cloudwatch.EventTargetInputTransformerArgs,
        target: _Target,
    ) -> None:
        """Send what a rule matches, and try for a day."""
        aws.cloudwatch.EventTarget(
            name,
            rule=rule.name,
            event_bus_name=rule.event_bus_name.apply(lambda name: name or DEFAULT_BUS),
            target_id=name,
            arn=target.arn,
            role_arn=target.role_arn,
            input_transformer=template,
            retry_policy={
                "maximum_event_age_in_seconds": RETRY_S,
                "maximum_retry_attempts": RETRIES,
            },
            dead_letter_config={"arn": self.dead_letters.arn},
            opts=pulumi.ResourceOptions(
                parent=self, depends_on=[target.allowed, self.dead_letters]
            ),
        )


def _wants(args: NotificationArgs, notice: Notice) -> bool:
    subject = "rejected-files" if notice.name == notices.REJECTED else "batches"
    return subject in args.subjects


def _template(
    paths: Mapping[str, str], text: str
) -> aws.cloudwatch.EventTargetInputTransformerArgs:
    return aws.cloudwatch.EventTargetInputTransformerArgs(
        input_paths=dict(paths), input_template=text
    )
