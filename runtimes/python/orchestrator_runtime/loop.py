"""The loop of runtimes/README.md; the numbers are its steps."""

import os
import sys

from . import errors, handler, log, marshal
from .client import Lost, RuntimeClient
from .context import LambdaContext

LARGEST_CAUSE_BYTES = 1024 * 1024
# Where the platform puts what it has compiled of the function, if anything.
BYTE_CODE = "/var/rapid/byte-code"


def main(here):
    # 1. What the platform says.
    marker = os.environ.pop("_ORCHESTRATOR_LOG_MARKER", None)
    path = os.environ.pop("_ORCHESTRATOR_RUNTIME_SOCKET", None)
    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"], path)
    _set_path(here)
    _use_byte_code()
    log.install()
    mark = _marks(marker)
    try:
        # 2. The handler's module is run: the init phase.
        function = _load(client, mark, here)
        if os.environ.get("AWS_LAMBDA_INITIALIZATION_TYPE") == "snap-start":
            from . import snapshot

            snapshot.take(client, mark, here, _tell)
        else:
            mark("init")
        # 3. Polling says that init is over.
        event = client.next()
        while event.status == 200:
            event = _serve(client, mark, here, function, event)
        log.say("The Runtime API answered %d: %r\n" % (event.status, event.body))
    except (Lost, OSError) as error:
        log.say("%s\n" % error)
    os._exit(1)


def _set_path(here):
    """The function's own files first, then layers, then ours and what the interpreter brings."""
    root = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    version = "python%d.%d" % sys.version_info[:2]
    first = [root, "/opt/python/lib/%s/site-packages" % version, "/opt/python", here]
    sys.path[:] = first + [path for path in sys.path if path not in first and path != ""]


def _use_byte_code():
    if os.path.isdir(BYTE_CODE + "/var") or os.path.isdir(BYTE_CODE + "/opt"):
        from . import byte_code

        byte_code.install(BYTE_CODE)


def _load(client, mark, here):
    try:
        return handler.load(os.environ.get("_HANDLER", ""))
    except Exception as error:
        payload = errors.describe(error, "", here)
        log.warn_of_init_error()
        body = _tell(payload)
        mark("init")
        client.init_error(body, _header(payload["errorType"]))
        sys.exit(1)


def _tell(payload):
    log.error(payload, marshal.dumps)
    return _bytes(payload)


def _serve(client, mark, here, function, event):
    """4-7. One event; returns the next one."""
    headers = event.headers
    request_id = headers["lambda-runtime-aws-request-id"]
    log.state["request_id"] = request_id
    log.state["tenant_id"] = headers.get("lambda-runtime-aws-tenant-id")
    trace_id = headers.get("lambda-runtime-trace-id")
    if trace_id is None:
        os.environ.pop("_X_AMZN_TRACE_ID", None)
    else:
        os.environ["_X_AMZN_TRACE_ID"] = trace_id
    try:
        context = LambdaContext(headers)
        payload = marshal.decode(event.body, headers.get("content-type", marshal.JSON))
        # 5. The handler.
        body, content_type = marshal.encode(function(payload, context))
    except Exception as error:
        body = _tell(errors.describe(error, request_id, here))
        mark(request_id)
        return client.fail(request_id, body, _cause_header(error, here))
    # 6. The log is complete; 7. the response, and the poll behind it.
    mark(request_id)
    return client.respond(request_id, body, content_type)


def _marks(marker):
    """Returns what writes marks: everything written before one belongs to what it names."""
    file = None if marker is None else log.open_marks()

    def mark(what):
        # The function may have closed them, or put something else there.
        try:
            sys.stdout.flush()
        except Exception:
            pass
        try:
            sys.stderr.flush()
        except Exception:
            pass
        if file is not None:
            try:
                os.write(file, ("\x1e%s %s\n" % (marker, what)).encode())
            except OSError:
                pass  # Nobody reads.

    return mark


def _bytes(payload):
    """Half of a surrogate pair has no bytes of its own."""
    return marshal.dumps(payload).encode("utf-8", "backslashreplace")


def _cause_header(error, here):
    """What X-Ray is told: UTF-8, in a text whose characters are bytes."""
    cause = _bytes(errors.cause(error, here))
    if len(cause) >= LARGEST_CAUSE_BYTES:
        return ""
    return "Lambda-Runtime-Function-XRay-Error-Cause: %s\r\n" % cause.decode("latin-1")


def _header(text):
    return "".join(char if " " <= char <= "~" else "?" for char in text)
