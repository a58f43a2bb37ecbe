"""Send the weights of trained rows back from a rented machine, as a few files of float16, and make runs of them again.

  python -m training.tables.weights pack runs/tables/djl-gpu/djl_hfa-seed0 runs/tables/djl-gpu/base-seed0 --to shards
  python -m training.tables.weights unpack shards --to runs/tables/djl-gpu

Packed are the weights that were evaluated last. What is unpacked can be evaluated and exported as any run that is complete; it
cannot be trained on.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from sightline.errors import ConfigurationError, SightlineError
from training.tables.running import say
from training.tables.weight_shards import SHARD_BYTES, read_shards, write_shards

_MIB = 1024 * 1024


def main(arguments: Sequence[str] | None = None) -> int:
    """Exit status: 0 = done, 1 = something is damaged, 2 = the command line cannot be done."""
    told = parser().parse_args(arguments)
    try:
        told.do(told)
    except ConfigurationError as error:
        say(f"error: {error}")
        return 2
    except SightlineError as error:
        say(f"error: {error}")
        return 1
    return 0


def parser() -> argparse.ArgumentParser:
    """The command line."""
    made = argparse.ArgumentParser(
        prog="python -m training.tables.weights", description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    commands = made.add_subparsers(required=True)
    pack = commands.add_parser("pack", help="write shards and their index")
    pack.add_argument("runs", type=Path, nargs="+", metavar="RUN", help="folder of a run that is complete")
    pack.add_argument("--to", type=Path, required=True, metavar="SHARDS", help="a folder that is empty or not there")
    pack.add_argument("--shard-mib", type=int, default=SHARD_BYTES // _MIB, help="most in one file (default: 16)")
    pack.add_argument("--files", type=int, default=8, help="as many at most, the index among them (default: 8)")
    pack.set_defaults(do=_pack)
    unpack = commands.add_parser("unpack", help="make folders of runs again")
    unpack.add_argument("shards", type=Path, metavar="SHARDS", help="what pack has written")
    unpack.add_argument("--to", type=Path, required=True, metavar="RUNS", help="folder of the runs' folders")
    unpack.set_defaults(do=_unpack)
    return made


def _pack(told: argparse.Namespace) -> None:
    files = write_shards(told.runs, told.to, shard_bytes=told.shard_mib * _MIB, most=told.files)
    say(f"{len(told.runs)} runs in {files} files in {told.to}")


def _unpack(told: argparse.Namespace) -> None:
    names = read_shards(told.shards, told.to)
    say(f"in {told.to}: {', '.join(names)}")


if __name__ == "__main__":
    sys.exit(main())
