"""The context object (contract 4.2)."""

import json
import os
import sys
import time

from .errors import RuntimeFailure


class _Client:
    __slots__ = (
        "installation_id",
        "app_title",
        "app_version_name",
        "app_version_code",
        "app_package_name",
    )


class _ClientContext:
    __slots__ = ("custom", "env", "client")


class _Identity:
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


class LambdaContext:
    def __init__(self, headers):
        environ = os.environ
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        self.log_group_name = environ.get("AWS_LAMBDA_LOG_GROUP_NAME")
        self.log_stream_name = environ.get("AWS_LAMBDA_LOG_STREAM_NAME")
        self.function_name = environ.get("AWS_LAMBDA_FUNCTION_NAME")
        self.memory_limit_in_mb = environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE")
        self.function_version = environ.get("AWS_LAMBDA_FUNCTION_VERSION")
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        self.client_context = _client_context(headers.get("lambda-runtime-client-context"))
        self.identity = _identity(headers.get("lambda-runtime-cognito-identity"))
        self._deadline_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(0, self._deadline_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        fields = (
            "aws_request_id",
            "log_group_name",
            "log_stream_name",
            "function_name",
            "memory_limit_in_mb",
            "function_version",
            "invoked_function_arn",
            "client_context",
            "identity",
            "tenant_id",
        )
        shown = ",".join("%s=%s" % (field, getattr(self, field)) for field in fields)
        return "LambdaContext([%s])" % shown


def _parsed(text):
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeFailure(
            "Runtime.LambdaContextUnmarshalError",
            "Unable to parse the invocation's context: %s" % error,
        )


def _client_context(text):
    if not text:
        return None
    sent = _parsed(text)
    context = _ClientContext()
    context.custom = sent.get("custom")
    context.env = sent.get("env")
    client = sent.get("client")
    context.client = None
    if isinstance(client, dict):
        context.client = _Client()
        for field in _Client.__slots__:
            setattr(context.client, field, client.get(field))
    return context


def _identity(text):
    identity = _Identity()
    sent = _parsed(text) if text else {}
    identity.cognito_identity_id = sent.get("cognitoIdentityId")
    identity.cognito_identity_pool_id = sent.get("cognitoIdentityPoolId")
    return identity
