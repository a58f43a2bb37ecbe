"""``python -m infra.grafana``: write the dashboards' JSON; with ``--check``, say which files are not what the code makes."""

from __future__ import annotations

import argparse
import sys

from infra.grafana.writing import rendered, stale, write


def main(arguments: list[str] | None = None) -> int:
    """Exit code 0 well, 1 a file is stale."""
    parser = argparse.ArgumentParser(prog="python -m infra.grafana", description="Write the dashboards' JSON files.")
    parser.add_argument("--check", action="store_true", help="write nothing; fail where a file is not what the code makes")
    if not parser.parse_args(arguments).check:
        sys.stdout.writelines(f"{name}\n" for name in write(rendered()))
        return 0
    old = stale(rendered())
    sys.stdout.writelines(f"{name} is not what the code makes: run `python -m infra.grafana`\n" for name in old)
    return 1 if old else 0


if __name__ == "__main__":
    sys.exit(main())
