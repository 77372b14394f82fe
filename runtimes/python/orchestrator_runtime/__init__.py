"""The runtime client of Python functions."""
