"""Where the command line prints: results to stdout, all else (progress, errors) to stderr."""

from __future__ import annotations

from rich.console import Console

stdout = Console()
stderr = Console(stderr=True)
