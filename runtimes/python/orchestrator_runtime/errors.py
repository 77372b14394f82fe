"""Errors as Lambda writes them (contract 5.2) and the types the runtime itself raises (3.7)."""


class RuntimeFailure(Exception):
    """An error with one of Lambda's own types; `frames` replace the traceback's."""

    def __init__(self, error_type, message, frames=None):
        super().__init__(message)
        self.error_type = error_type
        self.frames = frames


def describe(error, request_id, hidden):
    """The payload of anything that was raised. Frames of files below `hidden` are left out."""
    if isinstance(error, RuntimeFailure):
        error_type = error.error_type
        frames = error.frames or []
    else:
        error_type = type(error).__name__
        frames = _frames(error, hidden)
    return {
        "errorMessage": str(error),
        "errorType": error_type,
        "requestId": request_id,
        "stackTrace": frames,
    }


def _frames(error, hidden):
    import traceback

    extracted = traceback.extract_tb(error.__traceback__)
    kept = [frame for frame in extracted if not _is_ours(frame.filename, hidden)]
    return traceback.format_list(kept)


def _is_ours(filename, hidden):
    return filename.startswith(hidden) or filename.startswith("<frozen importlib")
