"""What ``ray up`` runs on each host: ``python -m infra.ray.host start | stop``.

``start`` is harmless to repeat: a host that is in the cluster stays in it, with all that runs there; one whose part of the
host file has changed is started anew. On the head it also makes hosts known that were added to the cluster's file since.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from infra.local import process
from infra.ray.hosts import HOSTS_FILE, HostFile
from infra.ray.keeper_record import KeeperRecord
from infra.ray.place import STOP_S, Place
from sightline.errors import SightlineError
from sightline.settings import Settings, load_settings

_WHAT = "Put this host into the cluster by its part of the host file, or take it out."
_COMMANDS = {
    "prepare": "install what this host's roles need",
    "start": "put this host into the cluster",
    "keep": "the same, in the foreground",
}


def main(arguments: list[str] | None = None) -> int:
    """Returns an exit code; 1 with the reason on standard error."""
    parser = argparse.ArgumentParser(prog="python -m infra.ray.host", description=_WHAT)
    commands = parser.add_subparsers(dest="command", required=True)
    for name, what in _COMMANDS.items():
        command = commands.add_parser(name, help=what)
        command.add_argument("--head", default=None, metavar="ADDRESS", help="of the cluster's head; unset = this host is it")
        command.add_argument("--hosts", type=Path, default=HOSTS_FILE, metavar="FILE", help="the host file")
    commands.add_parser("stop", help="take this host out of the cluster, with all that runs on it")
    options = parser.parse_args(arguments)
    try:
        if options.command == "stop":
            return _stop(load_settings())
        place = Place(load_settings(), HostFile.read(options.hosts), head=options.head)
        does: dict[str, Callable[[], int]] = {
            "prepare": place.prepare,
            "start": partial(place.start, options.hosts),
            "keep": place.keep,
        }
        return does[options.command]()
    except (SightlineError, OSError) as error:
        print(f"this host: {error}", file=sys.stderr)  # noqa: T201
        return 1


def _stop(settings: Settings) -> int:
    running = KeeperRecord.of_running(settings.state_dir)
    if running is None:
        print("not in a cluster")  # noqa: T201
        return 0
    process.stop(running.process, grace_s=STOP_S)
    print("out of the cluster")  # noqa: T201
    return 0


if __name__ == "__main__":
    sys.exit(main())
