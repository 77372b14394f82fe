"""From the end of init to the first poll where the function initialises for SnapStart (contract 1.5,
7.6): hooks, the wait for the restore, hooks. Whatever a hook raises ends the process."""

import sys

from . import errors

BEFORE_SNAPSHOT = "Runtime.BeforeSnapshotError"
AFTER_RESTORE = "Runtime.AfterRestoreError"


def take(client, mark, hidden, tell):
    """`tell(payload)` logs an error and returns its bytes."""
    import snapshot_restore_py as hooks

    try:
        before = hooks.get_before_snapshot()
        while before:
            function, args, kwargs = before.pop()
            function(*args, **kwargs)
        mark("init")
        client.restore_next()
    except BaseException as error:
        body = tell(errors.describe(error, "", hidden))
        mark("init")
        client.init_error(body, BEFORE_SNAPSHOT)
        sys.exit(64)
    try:
        for function, args, kwargs in hooks.get_after_restore():
            function(*args, **kwargs)
    except BaseException as error:
        client.restore_error(tell(errors.describe(error, "", hidden)), AFTER_RESTORE)
        sys.exit(65)
