"""Log lines as Lambda writes them: `logging` records and errors nobody caught (contract 6.4, 6.5)."""

import json
import logging
import os
import sys
import time

LEVELS = {"TRACE": 10, "DEBUG": 10, "INFO": 20, "WARN": 30, "ERROR": 40, "FATAL": 50}
NBSP = "\u00a0"

state = {"request_id": "", "json": False}


class _RequestFilter(logging.Filter):
    def filter(self, record):
        record.aws_request_id = state["request_id"]
        return True


class _TextFormatter(logging.Formatter):
    converter = time.gmtime

    def __init__(self):
        super().__init__(
            "[%(levelname)s]\t%(asctime)s.%(msecs)03dZ\t%(aws_request_id)s\t%(message)s\n",
            "%Y-%m-%dT%H:%M:%S",
        )


class _JsonFormatter(logging.Formatter):
    converter = time.gmtime
    known = frozenset(logging.makeLogRecord({}).__dict__) | {"aws_request_id", "message", "asctime"}

    def format(self, record):
        line = {
            "timestamp": self.formatTime(record, "%Y-%m-%dT%H:%M:%SZ"),
            "level": record.levelname,
            "message": record.getMessage(),
            "logger": record.name,
            "requestId": state["request_id"] or None,
        }
        if record.exc_info and record.exc_info[0] is not None:
            import traceback

            line["stackTrace"] = traceback.format_list(traceback.extract_tb(record.exc_info[2]))
            line["errorType"] = record.exc_info[0].__name__
            line["errorMessage"] = str(record.exc_info[1])
            line["location"] = "%s:%s:%s" % (record.pathname, record.funcName, record.lineno)
        for name, value in record.__dict__.items():
            if name not in self.known:
                line[name] = value
        present = {name: value for name, value in line.items() if value is not None}
        return json.dumps(present, default=str, ensure_ascii=False) + "\n"


class _Handler(logging.Handler):
    def emit(self, record):
        sys.stdout.write(self.format(record))


def install():
    """Gives the root logger its one handler; `logging.basicConfig` then does nothing."""
    state["json"] = os.environ.get("AWS_LAMBDA_LOG_FORMAT", "").upper() == "JSON"
    handler = _Handler()
    handler.setFormatter(_JsonFormatter() if state["json"] else _TextFormatter())
    handler.addFilter(_RequestFilter())
    root = logging.getLogger()
    root.addHandler(handler)
    level = LEVELS.get(os.environ.get("AWS_LAMBDA_LOG_LEVEL", "").upper())
    if state["json"] and level is not None:
        root.setLevel(level)


def error(payload):
    """Tells of an error that ended an invocation or the init phase."""
    if state["json"]:
        line = {
            "timestamp": time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime()),
            "log_level": "ERROR",
            "errorMessage": payload["errorMessage"],
            "errorType": payload["errorType"],
            "requestId": payload["requestId"],
            "stackTrace": payload["stackTrace"],
        }
        sys.stdout.write(json.dumps(line, ensure_ascii=False) + "\n")
        return
    lines = ["[ERROR] %s: %s" % (payload["errorType"], payload["errorMessage"])]
    if payload["stackTrace"]:
        lines.append("Traceback (most recent call last):")
        for frame in payload["stackTrace"]:
            lines += [_indented(text) for text in frame.rstrip("\n").split("\n")]
    # One message, one line on the wire.
    sys.stdout.write("\r".join(lines) + "\n")


def _indented(text):
    plain = text.lstrip(" ")
    return NBSP * (len(text) - len(plain)) + plain
