"""Log lines as Lambda writes them: `logging` records and errors nobody caught (contract 6.4, 6.5)."""

import io
import json
import logging
import os
import sys
import time

LEVELS = frozenset(("NOTSET", "DEBUG", "INFO", "WARN", "WARNING", "ERROR", "FATAL", "CRITICAL"))
NBSP = "\u00a0"

state = {"request_id": "", "tenant_id": None, "json": False}


class _Unbuffered(io.TextIOWrapper):
    """What is written is out: a timeout or a crash must not take it along."""

    def write(self, text):
        written = super().write(text)
        self.flush()
        return written


def _unbuffered(stream):
    encoding, errors = stream.encoding, stream.errors
    return _Unbuffered(stream.detach(), encoding=encoding, errors=errors)


class _RequestFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = state["request_id"]
        record.tenant_id = state["tenant_id"]
        return True


class _TextFormatter(logging.Formatter):
    def __init__(self):
        super().__init__(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S",
        )

    def format(self, record):
        text = super().format(record)
        # A traceback follows the message and ends without a newline.
        return text if text.endswith("\n") else text + "\n"


class _JsonFormatter(logging.Formatter):
    known = frozenset(logging.makeLogRecord({}).__dict__) - {"taskName"} | {
        "aws_request_id",
        "tenant_id",
    }
    encode = json.JSONEncoder(ensure_ascii=False).encode

    def format(self, record):
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": logging.getLevelName(min(50, max(0, record.levelno)) // 10 * 10),
            "message": record.getMessage(),
            "logger": record.name,
        }
        raised = record.exc_info and record.exc_info[0] is not None
        if raised:
            import traceback

            line["stackTrace"] = traceback.format_tb(record.exc_info[2])
            line["errorType"] = record.exc_info[0].__name__
            line["errorMessage"] = str(record.exc_info[1])
        line["requestId"] = record.aws_request_id
        if raised:
            line["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        line["tenantId"] = record.tenant_id
        for name, value in record.__dict__.items():
            if name not in self.known:
                line.setdefault(name, value)
        present = {name: value for name, value in line.items() if value is not None}
        return self.encode(present) + "\n"


class _Handler(logging.Handler):
    def emit(self, record):
        sys.stdout.write(self.format(record))


def install():
    """Makes the output immediate and gives the root logger its one handler; `logging.basicConfig`
    then does nothing."""
    sys.stdout = sys.__stdout__ = _unbuffered(sys.stdout)
    sys.stderr = sys.__stderr__ = _unbuffered(sys.stderr)
    state["json"] = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    # Whatever its zone, a function's logs are in UTC, those in formats of its own as well.
    logging.Formatter.converter = time.gmtime
    handler = _Handler()
    handler.setFormatter(_JsonFormatter() if state["json"] else _TextFormatter())
    handler.addFilter(_RequestFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper()
    level = "DEBUG" if level == "TRACE" else level
    if level in LEVELS:
        root.setLevel(level)


def open_marks():
    """A file of our own on the output: the function may close its one or put something else there,
    and a child of it may make writing to that fail when the pipe is full."""
    try:
        return os.open("/proc/self/fd/1", os.O_WRONLY | os.O_APPEND)
    except OSError:
        return os.dup(1)


def warn_of_init_error():
    """What Lambda's client writes before the error itself, through the function's own logging."""
    logging.warning(
        "LAMBDA_WARNING: Unhandled exception. "
        "The most likely cause is an issue in the function code. "
        "However, in rare cases, a Lambda runtime update can cause unexpected function behavior. "
        "For functions using managed runtimes, runtime updates can be triggered by a function "
        "change, or can be applied automatically. To determine if the runtime has been updated, "
        "check the runtime version in the INIT_START log entry. "
        "If this error correlates with a change in the runtime version, you may be able to mitigate "
        "this error by temporarily rolling back to the previous runtime version. For more "
        "information, see https://docs.aws.amazon.com/lambda/latest/dg/runtimes-update.html"
    )


def error(payload, dumps):
    """Tells of an error that ended an invocation or the init phase."""
    if state["json"]:
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
        }
        text = dumps(dict(line, **payload))
    else:
        text = _text(payload)
    say(text.encode("utf-8", "backslashreplace").decode() + "\n")


def say(text):
    """Writes to the output, if the function has left one."""
    try:
        sys.stdout.write(text)
    except (AttributeError, OSError, ValueError):
        pass  # The function has closed it, or put something else there.


def _text(payload):
    message = payload["errorMessage"]
    lines = ["[ERROR] %s%s" % (payload["errorType"], ": " + message if message else "")]
    lines.append("Traceback (most recent call last):")
    for frame in payload["stackTrace"]:
        lines += [_indented(line) for line in frame.splitlines()]
    # One message, one line on the wire.
    return "\r".join(lines)


def _indented(text):
    plain = text.lstrip(" ")
    return NBSP * (len(text) - len(plain)) + plain
