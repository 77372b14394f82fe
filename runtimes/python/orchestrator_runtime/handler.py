"""From the handler's name to a function (contract 3.7)."""

import importlib
import sys

from .errors import RuntimeFailure


def load(name):
    parts = name.rsplit(".", 1)
    if len(parts) < 2:
        raise RuntimeFailure(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    if parts[0].split(".")[0] in sys.builtin_module_names:
        raise RuntimeFailure(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module %s as a handler module" % parts[0],
        )
    module = _import(parts[0])
    try:
        return getattr(module, parts[1])
    except AttributeError:
        raise RuntimeFailure(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (parts[1], parts[0])
        ) from None


def _import(written):
    try:
        return importlib.import_module(written.replace("/", "."))
    except ImportError as error:
        raise RuntimeFailure(
            "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (written, error)
        ) from error
    except SyntaxError as error:
        frame = '  File "%s" Line %s\n    %s' % (error.filename, error.lineno, error.text)
        raise RuntimeFailure(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (written, error),
            [frame],
        ) from error
