"""The loop of runtimes/README.md; the numbers are its steps."""

import os
import sys

from . import errors, handler, log, marshal
from .client import Lost, RuntimeClient
from .context import LambdaContext


def main(here):
    # 1. What the platform says.
    marker = os.environ.pop("_ORCHESTRATOR_LOG_MARKER", None)
    client = RuntimeClient(os.environ["AWS_LAMBDA_RUNTIME_API"])
    _set_path(here)
    log.install()
    try:
        # 2. The handler's module is run: the init phase.
        function = _load(client, marker, here)
        _mark(marker, "init")
        # 3. Polling says that init is over.
        event = client.next()
        while event.status == 200:
            event = _serve(client, marker, here, function, event)
        sys.stdout.write("The Runtime API answered %d: %r\n" % (event.status, event.body))
    except (Lost, OSError) as error:
        sys.stdout.write("%s\n" % error)
    sys.stdout.flush()
    os._exit(1)


def _set_path(here):
    """The function's own files first, layers last."""
    root = os.environ.get("LAMBDA_TASK_ROOT", "/var/task")
    version = "python%d.%d" % sys.version_info[:2]
    rest = [path for path in sys.path if path not in (here, root, "")]
    layers = ["/opt/python/lib/%s/site-packages" % version, "/opt/python"]
    sys.path[:] = [root, here] + rest + [path for path in layers if path not in rest]


def _load(client, marker, here):
    try:
        return handler.load(os.environ.get("_HANDLER", ""))
    except Exception as error:
        payload = errors.describe(error, "", here)
        log.error(payload)
        _mark(marker, "init")
        client.init_error(marshal.dumps(payload).encode(), _header(payload["errorType"]))
        sys.exit(1)


def _serve(client, marker, here, function, event):
    """4-7. One event; returns the next one."""
    headers = event.headers
    request_id = headers["lambda-runtime-aws-request-id"]
    log.state["request_id"] = request_id
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
        described = errors.describe(error, request_id, here)
        log.error(described)
        _mark(marker, request_id)
        return client.fail(request_id, marshal.dumps(described).encode())
    # 6. The log is complete; 7. the response, and the poll behind it.
    _mark(marker, request_id)
    return client.respond(request_id, body, content_type)


def _mark(marker, what):
    """Everything written before this line belongs to `what`."""
    try:
        sys.stdout.flush()
        sys.stderr.flush()
    except (OSError, ValueError):
        pass  # The function may have closed them.
    if marker is not None:
        os.write(1, ("\x1e%s %s\n" % (marker, what)).encode())


def _header(text):
    return "".join(char if " " <= char <= "~" else "?" for char in text)
