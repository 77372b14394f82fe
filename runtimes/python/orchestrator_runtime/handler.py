"""From the handler's name to a function (contract 3.7)."""

import sys

from .errors import RuntimeFailure


def load(name):
    parts = name.rsplit(".", 1)
    if len(parts) < 2:
        raise RuntimeFailure(
            "Runtime.MalformedHandlerName",
            "Bad handler '%s': not enough values to unpack (expected 2, got 1)" % name,
        )
    module_name = parts[0].replace("/", ".")
    if module_name.split(".")[0] in sys.builtin_module_names:
        raise RuntimeFailure(
            "Runtime.BuiltInModuleConflict",
            "Cannot use built-in module %s as a handler module" % parts[0],
        )
    module = _import(module_name, parts[0])
    try:
        return getattr(module, parts[1])
    except AttributeError:
        raise RuntimeFailure(
            "Runtime.HandlerNotFound", "Handler '%s' missing on module '%s'" % (parts[1], parts[0])
        ) from None


def _import(module_name, written):
    try:
        __import__(module_name)
        return sys.modules[module_name]
    except ImportError as error:
        raise RuntimeFailure(
            "Runtime.ImportModuleError", "Unable to import module '%s': %s" % (written, error)
        ) from error
    except SyntaxError as error:
        frame = '  File "%s" Line %s\n    %s\n' % (error.filename, error.lineno, error.text)
        raise RuntimeFailure(
            "Runtime.UserCodeSyntaxError",
            "Syntax error in module '%s': %s" % (written, error),
            [frame],
        ) from error
