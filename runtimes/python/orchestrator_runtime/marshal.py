"""Events and results as bytes (contract 3.7)."""

import json
import os
import sys

from .errors import RuntimeFailure

JSON = "application/json"
# Characters beyond ASCII are kept from Python 3.12 on and escaped before.
ASCII_ONLY = sys.version_info < (3, 12)


def decode(body, content_type):
    if content_type != JSON:
        return body
    try:
        return json.loads(body)
    except ValueError as error:
        raise RuntimeFailure("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


def encode(result):
    """The bytes of a result and their content type."""
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return dumps(result).encode(), JSON
    except Exception as error:
        raise RuntimeFailure("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def dumps(value):
    numbers = []
    text = json.dumps(value, ensure_ascii=ASCII_ONLY, default=lambda other: _other(other, numbers))
    for index, digits in enumerate(numbers):
        text = text.replace('"%s"' % _placeholder(index), digits, 1)
    return text


def _placeholder(index):
    return "%s:%d" % (_TOKEN, index)


# Stands for a number whose digits `json` would not keep; nobody can know it.
_TOKEN = os.urandom(12).hex()


def _other(value, numbers):
    # Imported by whoever made the value; never by us.
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(value, decimal.Decimal):
        if not value.is_finite():
            return float(value)
        numbers.append(str(value))
        return _placeholder(len(numbers) - 1)
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)
