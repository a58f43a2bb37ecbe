"""The command line, one file a command; the one place that may import everything."""

from sightline.cli.app import main

__all__ = ["main"]
