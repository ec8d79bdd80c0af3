"""The function of upload links, its URL and the key that links are signed by. Edge (Pulumi)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import pulumi_aws as aws
from components.compute.function import FunctionArgs, FunctionRole, create_function
from components.data.photo_storage import PhotoStorage
from components.security import photo_policies, policies

import pulumi
from stream_ingest.contracts import environment

KEY_DELETION_DAYS = 7
"""The minimum that KMS waits. A deleted key only makes links useless."""
_CLOUDFRONT = "cloudfront.amazonaws.com"


@dataclass(frozen=True, kw_only=True)
class UploadLinksArgs:
    """The function and what it uses; the key's alias is ``alias/<prefix>-upload-links``."""

    prefix: str
    account: pulumi.Input[str]
    partition: str
    function: FunctionArgs
    storage: PhotoStorage


class UploadLinks(pulumi.ComponentResource):
    """Serves the page of upload links, and signs what its holders upload.

    Its URL takes requests that IAM allows, and only a distribution is allowed (`allow`).
    """

    def __init__(
        self, name: str, args: UploadLinksArgs, opts: pulumi.ResourceOptions | None = None
    ) -> None:
        """Create key, role, function and URL."""
        super().__init__("coverstream:index:UploadLinks", name, None, opts)
        self._name, self._args = name, args
        self._child = pulumi.ResourceOptions(parent=self)
        self.key = self._key()
        self.function = self._function()
        url = aws.lambda_.FunctionUrl(
            name,
            function_name=self.function.name,
            authorization_type="AWS_IAM",
            invoke_mode="BUFFERED",
            opts=self._child,
        )
        self.domain = url.function_url.apply(lambda known: known.split("/")[2])
        """Host of the function's URL, the origin of a distribution."""
        self.register_outputs({"function": self.function.name, "key": self.key.arn})

    def allow(self, distribution_arn: pulumi.Input[str]) -> None:
        """Allow a distribution to send requests to the function's URL. Call once.

        Lambda wants both rights (Lambda Developer Guide, "Control access to function URLs").
        """
        rights = {
            "url": {"action": "lambda:InvokeFunctionUrl", "function_url_auth_type": "AWS_IAM"},
            "invoke": {"action": "lambda:InvokeFunction", "invoked_via_function_url": True},
        }
        for name, right in rights.items():
            aws.lambda_.Permission(
                f"{self._name}-{name}",
                statement_id=f"AllowDistribution-{name}",
                function=self.function.name,
                principal=_CLOUDFRONT,
                source_arn=distribution_arn,
                opts=self._child,
                **right,  # type: ignore[arg-type]
            )

    def _key(self) -> aws.kms.Key:
        """Create a key for HMACs, which never leaves KMS."""
        key = aws.kms.Key(
            self._name,
            description=f"Upload links of {self._args.prefix}",
            key_usage="GENERATE_VERIFY_MAC",
            customer_master_key_spec="HMAC_256",
            deletion_window_in_days=KEY_DELETION_DAYS,
            policy=policies.document(
                photo_policies.link_key,
                account=self._args.account,
                partition=self._args.partition,
            ),
            opts=self._child,
        )
        aws.kms.Alias(
            self._name,
            name=f"alias/{self._args.prefix}-upload-links",
            target_key_id=key.key_id,
            opts=self._child,
        )
        return key

    def _function(self) -> aws.lambda_.Function:
        args = self._args
        own = {environment.LINK_KEY: self.key.arn}
        function = replace(args.function, variables={**args.function.variables, **own})
        role = FunctionRole(self._name, function, self._child)
        granted = role.grant(
            photo_policies.links,
            key_arn=self.key.arn,
            table_arn=args.storage.table.arn,
            uploads_arn=args.storage.uploads.arn,
        )
        return create_function(self._name, function, role, granted, self)
