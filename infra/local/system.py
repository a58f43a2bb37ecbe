"""System packages of the local stack: ``python -m infra.local.system`` says what is missing, ``--install`` installs it."""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class SystemPackage:
    """A program that is not from a Python package index: its Debian package, and what it is for."""

    program: str
    package: str
    purpose: str
    optional: bool = False


PACKAGES = (
    SystemPackage("java", "openjdk-17-jre-headless", "runs Apache Kafka"),
    SystemPackage("mvn", "maven", "fetches Apache Kafka's jars"),
    SystemPackage("prometheus", "prometheus", "`sightline up --metrics`", optional=True),
)


def missing(*, with_optional: bool) -> list[SystemPackage]:
    """The packages whose program is not on PATH."""
    return [item for item in PACKAGES if (with_optional or not item.optional) and shutil.which(item.program) is None]


def install_command(packages: list[SystemPackage]) -> list[str]:
    """How Debian and its kin install them."""
    sudo = [] if os.geteuid() == 0 else ["sudo"]
    return [*sudo, "apt-get", "install", "--yes", "--no-install-recommends", *(item.package for item in packages)]


def main(arguments: list[str] | None = None) -> int:
    """Exit code: 0 = nothing that is needed is missing (any more), else 1."""
    parser = argparse.ArgumentParser(prog="python -m infra.local.system", description=__doc__)
    parser.add_argument("--install", action="store_true", help="install what is missing (Debian, Ubuntu)")
    parser.add_argument("--all", action="store_true", help="the optional ones too")
    options = parser.parse_args(arguments)
    lacking = missing(with_optional=options.all)
    for item in lacking:
        sys.stderr.write(f"missing: {item.program} ({item.purpose})\n")
    if not lacking:
        return 0
    command = install_command(lacking)
    if not options.install or shutil.which("apt-get") is None:
        sys.stderr.write(f"install it with: {' '.join(command)}\n")
        return 1
    update = [*command[: command.index("install")], "update", "-qq"]
    for each in (update, command):
        if subprocess.run(each, check=False).returncode != 0:
            return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
