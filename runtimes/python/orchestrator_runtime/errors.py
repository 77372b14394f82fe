"""Errors as Lambda writes them (contract 5.2) and the types the runtime itself raises (3.7)."""

import os


class RuntimeFailure(Exception):
    """An error with one of Lambda's own types; `frames` replace the traceback's."""

    def __init__(self, error_type, message, frames=None):
        super().__init__(message)
        self.error_type = error_type
        self.frames = frames


def describe(error, request_id, hidden):
    """The payload of anything that was raised. Frames above the function's own code, in files below
    `hidden`, are left out."""
    if isinstance(error, RuntimeFailure):
        error_type = error.error_type
        frames = error.frames or []
    else:
        import traceback

        error_type = type(error).__name__
        frames = traceback.format_list(_frames(error, hidden))
    return {
        "errorMessage": str(error),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": frames,
    }


def cause(error, hidden):
    """The same for X-Ray (contract 1.4)."""
    failed = isinstance(error, RuntimeFailure)
    frames = [] if failed else _frames(error, hidden)
    exception = {
        "message": str(error),
        "type": "LambdaValidationError" if failed else type(error).__name__,
        "stack": [{"label": name, "path": path, "line": line} for path, line, name, _ in frames],
    }
    return {
        "working_directory": os.getcwd(),
        "exceptions": [exception],
        "paths": list({path: None for path, _, _, _ in frames}),
    }


def _frames(error, hidden):
    import traceback

    # Tuples: Lambda's frames have two lines each, without the marks below that newer versions draw.
    frames = [
        (frame.filename, frame.lineno, frame.name, frame.line)
        for frame in traceback.extract_tb(error.__traceback__)
    ]
    ours = 0
    while ours < len(frames) and frames[ours][0].startswith(hidden):
        ours += 1
    return frames[ours:]
