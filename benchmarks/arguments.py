"""The command line that all benchmarks share, and the research data that some need."""

from __future__ import annotations

import argparse
from pathlib import Path

from benchmarks.reporting import RESULTS
from sightline.errors import ConfigurationError

SHARED = Path(__file__).resolve().parents[2] / "shared"


def parser(description: str | None) -> argparse.ArgumentParser:
    """``--quick`` and ``--output``; a benchmark adds its own."""
    made = argparse.ArgumentParser(description=description, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("--quick", action="store_true", help="a smoke run of some seconds: printed, not written to the results")
    made.add_argument("--output", type=Path, help=f"folder for the table and its JSON (default: {RESULTS.parent.name}/results)")
    return made


def output_folder(arguments: argparse.Namespace) -> Path | None:
    """Where the report goes; None = a quick run, whose figures mean nothing, is only printed."""
    chosen: Path | None = arguments.output
    return chosen or (None if arguments.quick else RESULTS)


def shared(*parts: str) -> Path:
    """A file or folder of the research data beside the checkout.

    Raises:
        ConfigurationError: it is not there.
    """
    path = SHARED.joinpath(*parts)
    if not path.exists():
        raise ConfigurationError(
            f"this benchmark runs on real video, and ../shared/{'/'.join(parts)} does not exist: put the research data beside "
            "the checkout"
        )
    return path
