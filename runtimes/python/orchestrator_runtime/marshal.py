"""Events and results as bytes (contract 3.7)."""

import json
import os
import sys
from json import encoder

from .errors import RuntimeFailure

JSON = "application/json"
# Characters beyond ASCII are kept from Python 3.12 on and escaped before.
ASCII_ONLY = sys.version_info < (3, 12)
# Stands for a number whose digits `json` would not keep; nobody can know it.
_PLACE = os.urandom(12).hex()
_SIMPLE = frozenset((str, int, float, bool, type(None)))


def decode(body, content_type):
    if content_type != JSON:
        return bytes(body)
    # `json.loads` is asked only about what is not plainly one value in UTF-8: finding out how bytes are
    # encoded takes longer than to read a small event.
    try:
        text = body.decode()
        value, end = _scan(text, 0)
        if end == len(text):
            return value
    except Exception:
        pass
    try:
        return json.loads(body)
    except Exception as error:
        raise RuntimeFailure("Runtime.UnmarshalError", "Unable to unmarshal input: %s" % error)


_scan = json.JSONDecoder().scan_once


def encode(result):
    """The bytes of a result and their content type."""
    if isinstance(result, bytes):
        return result, "application/unknown"
    try:
        return dumps(result).encode(), JSON
    except Exception as error:
        raise RuntimeFailure("Runtime.MarshalError", "Unable to marshal response: %s" % error)


def dumps(value):
    try:
        try:
            text = _encode(value)
        except TypeError as error:
            text = _encode_keys(value, error)
        # Looked at afterwards: by then it is known to end.
        if _has_named(value):
            _digits.clear()
            text = _encode(_as_lambda_sees(value))
        return _with_digits(text) if _digits else text
    finally:
        if _digits:
            _digits.clear()


def _encode_keys(value, error):
    """simplejson takes keys of bytes as texts."""
    if "not bytes" not in str(error):
        raise error
    _digits.clear()
    return _encode(_as_lambda_sees(value))


def _with_digits(text):
    pieces = text.split('"%s"' % _PLACE)
    for index, digits in enumerate(_digits):
        pieces[index] += digits
    return "".join(pieces)


def _other(value):
    """What Lambda's encoder, simplejson, knows and `json` does not."""
    if isinstance(value, bytes):
        return value.decode()
    # Imported by whoever made the value; never by us.
    decimal = sys.modules.get("decimal")
    if decimal is not None and isinstance(value, decimal.Decimal):
        if not value.is_finite():
            return float(value)
        _digits.append(str(value))
        return _PLACE
    if callable(getattr(value, "_asdict", None)):
        return value._asdict()
    raise TypeError("Object of type %s is not JSON serializable" % type(value).__name__)


def _encoder(ascii_only):
    """As `JSONEncoder.encode`, which makes the same again for each value."""
    general = json.JSONEncoder(ensure_ascii=ascii_only, default=_other)
    # What is around the present value, by identity.
    around = {}
    try:
        strings = encoder.c_encode_basestring_ascii if ascii_only else encoder.c_encode_basestring
        made = encoder.c_make_encoder(
            around, _other, strings, None, ": ", ", ", False, False, True
        )
        if "".join(made({"a": [1.5, "b"]}, 0)) != '{"a": [1.5, "b"]}':
            return general.encode
    except (AttributeError, TypeError):
        # Another interpreter's.
        return general.encode

    def encode(value):
        try:
            return "".join(made(value, 0))
        except BaseException:
            around.clear()
            raise

    return encode


_digits = []
_escaped = _encoder(True)
_kept = _encoder(False)
# Whether the last result had characters to be kept: the next one will be like it.
_keeps = False


def _encode(value):
    """Where nothing has to be escaped both encoders say the same, and the one that escapes is by far
    the faster one."""
    global _keeps
    if ASCII_ONLY:
        return _escaped(value)
    if not _keeps:
        text = _escaped(value)
        if "\\u" not in text:
            return text
        _digits.clear()
    text = _kept(value)
    _keeps = not text.isascii()
    return text


def _has_named(value):
    """Whether there is a named tuple in it: Lambda makes objects of them, `json` arrays. A loop,
    since what `json` takes may be nested deeper than Python calls."""
    kind = type(value)
    if kind in _SIMPLE or (kind is dict and _SIMPLE.issuperset(map(type, value.values()))):
        return False
    rest = [value]
    while rest:
        value = rest.pop()
        if isinstance(value, dict):
            value = value.values()
        elif not isinstance(value, (list, tuple)):
            continue
        elif _is_named(value):
            return True
        rest += [item for item in value if type(item) not in _SIMPLE]
    return False


def _is_named(value):
    return isinstance(value, tuple) and callable(getattr(value, "_asdict", None))


def _as_lambda_sees(value):
    if _is_named(value):
        value = value._asdict()
    if isinstance(value, dict):
        return {_key(key): _as_lambda_sees(item) for key, item in value.items()}
    if isinstance(value, (list, tuple)):
        return [_as_lambda_sees(item) for item in value]
    return value


def _key(key):
    return key.decode() if isinstance(key, bytes) else key
