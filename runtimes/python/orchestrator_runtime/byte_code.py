"""Modules of the function that were compiled before. The function's folders cannot be written, and
what lies beside a source there is the function's own; so what was compiled lies apart."""

import marshal
import sys
from importlib.machinery import (
    BYTECODE_SUFFIXES,
    EXTENSION_SUFFIXES,
    SOURCE_SUFFIXES,
    ExtensionFileLoader,
    FileFinder,
    SourceFileLoader,
    SourcelessFileLoader,
)
from importlib.util import MAGIC_NUMBER
from os.path import isdir, isfile

ROOTS = ("/var/task", "/opt/python")
# Byte-code follows this: sixteen bytes of which the first say for which interpreter it is.
HEAD_BYTES = 16


def install(folder, roots=ROOTS):
    """To be called before the first module of the function is imported."""
    tail = ".%s.pyc" % sys.implementation.cache_tag

    def compiled(path):
        return folder + path[:-3] + tail

    class Compiled(SourceFileLoader):
        def get_code(self, fullname):
            data = self.get_data(compiled(self.get_filename(fullname)))
            if data[:4] != MAGIC_NUMBER:
                return super().get_code(fullname)
            return marshal.loads(memoryview(data)[HEAD_BYTES:])

    Compiled.__name__ = SourceFileLoader.__name__
    Compiled.__qualname__ = SourceFileLoader.__qualname__
    Compiled.__module__ = SourceFileLoader.__module__

    def loader(fullname, path):
        # An error of the function's must not show a frame of ours: the usual one compiles.
        return (Compiled if isfile(compiled(path)) else SourceFileLoader)(fullname, path)

    def finder(path):
        if not path.startswith(roots) or not isdir(path):
            raise ImportError("only folders of the function", path=path)
        return FileFinder(
            path,
            (ExtensionFileLoader, EXTENSION_SUFFIXES),
            (loader, SOURCE_SUFFIXES),
            (SourcelessFileLoader, BYTECODE_SUFFIXES),
        )

    sys.path_hooks.insert(0, finder)
