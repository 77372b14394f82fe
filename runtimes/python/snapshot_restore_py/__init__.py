"""Hooks around a snapshot, as Lambda's Python runtimes bring them (contract 7.6). Each function is a
decorator as well; what follows the hook in a call is what it will be called with."""

__all__ = [
    "register_before_snapshot",
    "register_after_restore",
    "get_before_snapshot",
    "get_after_restore",
]

_before_snapshot_registry = []
_after_restore_registry = []


def register_before_snapshot(func, *args, **kwargs):
    """Runs before the snapshot; what was registered last runs first."""
    _before_snapshot_registry.append((func, args, kwargs))
    return func


def register_after_restore(func, *args, **kwargs):
    """Runs after each restore, in the order of registration."""
    _after_restore_registry.append((func, args, kwargs))
    return func


def get_before_snapshot():
    return _before_snapshot_registry


def get_after_restore():
    return _after_restore_registry
