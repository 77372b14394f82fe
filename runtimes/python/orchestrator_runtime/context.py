"""The context object (contract 4.2)."""

import functools
import json
import os
import sys
import time

from .errors import RuntimeFailure


class _Shown:
    """Prints as its name and fields."""

    __slots__ = ()

    def __repr__(self):
        return _shown(self, self.__slots__)


class Client(_Shown):
    __slots__ = (
        "installation_id",
        "app_title",
        "app_version_name",
        "app_version_code",
        "app_package_name",
    )


class ClientContext(_Shown):
    __slots__ = ("custom", "env", "client")


class CognitoIdentity(_Shown):
    __slots__ = ("cognito_identity_id", "cognito_identity_pool_id")


@functools.lru_cache(maxsize=None)
def _from_environment():
    """What is the same for all events: asking the environment takes longer than all the rest."""
    environ = os.environ
    return (
        environ.get("AWS_LAMBDA_LOG_GROUP_NAME"),
        environ.get("AWS_LAMBDA_LOG_STREAM_NAME"),
        environ.get("AWS_LAMBDA_FUNCTION_NAME"),
        environ.get("AWS_LAMBDA_FUNCTION_MEMORY_SIZE"),
        environ.get("AWS_LAMBDA_FUNCTION_VERSION"),
    )


class LambdaContext:
    def __init__(self, headers):
        self.aws_request_id = headers.get("lambda-runtime-aws-request-id")
        (
            self.log_group_name,
            self.log_stream_name,
            self.function_name,
            self.memory_limit_in_mb,
            self.function_version,
        ) = _from_environment()
        self.invoked_function_arn = headers.get("lambda-runtime-invoked-function-arn")
        self.tenant_id = headers.get("lambda-runtime-aws-tenant-id")
        sent = headers.get("lambda-runtime-client-context")
        self.client_context = _client_context(sent) if sent else None
        sent = headers.get("lambda-runtime-cognito-identity")
        self.identity = _identity(sent and _parsed(sent, "Cognito Identity") or {})
        self._epoch_deadline_time_in_ms = int(headers.get("lambda-runtime-deadline-ms", "0"))

    def get_remaining_time_in_millis(self):
        return max(0, self._epoch_deadline_time_in_ms - int(time.time() * 1000))

    def log(self, message):
        sys.stdout.write(str(message))

    def __repr__(self):
        return _shown(self, _FIELDS)


_FIELDS = (
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


def _shown(thing, fields):
    values = ",".join("%s=%s" % (field, getattr(thing, field)) for field in fields)
    return "%s([%s])" % (type(thing).__name__, values)


def _parsed(text, name):
    try:
        return json.loads(text)
    except ValueError as error:
        raise RuntimeFailure(
            "Runtime.LambdaContextUnmarshalError", "Unable to parse %s JSON: %s" % (name, error)
        )


def _filled(thing, values):
    for field in thing.__slots__:
        setattr(thing, field, values.get(field))
    return thing


def _client_context(text):
    sent = _parsed(text, "Client Context")
    if sent is None:
        return None
    context = _filled(ClientContext(), sent)
    if context.client is not None:
        context.client = _filled(Client(), context.client)
    return context


def _identity(sent):
    identity = CognitoIdentity()
    identity.cognito_identity_id = sent.get("cognitoIdentityId")
    identity.cognito_identity_pool_id = sent.get("cognitoIdentityPoolId")
    return identity
