"""The Python bootstrap. Its own modules are in a package, so that users' may have any name."""

import os
import sys

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path.insert(0, HERE)

from orchestrator_runtime import loop  # noqa: E402

if __name__ == "__main__":
    loop.main(HERE)
