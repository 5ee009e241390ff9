"""`python -m ops.bench.serve module:factory`: an application to compare with, served exactly as the edge is."""

from __future__ import annotations

import sys

from ops.cli.processes import serve

if __name__ == "__main__":
    serve(sys.argv[1])
