"""``python -m infra.ray``: writes ``ray_cluster.yaml`` and its kin; ``--check`` only says whether they are stale."""

from __future__ import annotations

import argparse
import sys

from infra.ray.clusters import FILES, ROOT


def main(arguments: list[str] | None = None) -> int:
    """Returns an exit code; 1 where ``--check`` found a stale file."""
    parser = argparse.ArgumentParser(prog="python -m infra.ray", description="Write the cluster files for `ray up`.")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if a file is stale")
    check = parser.parse_args(arguments).check
    stale = [file for file in FILES if not (ROOT / file.path).exists() or (ROOT / file.path).read_text() != file.text()]
    for file in stale:
        if not check:
            (ROOT / file.path).write_text(file.text())
        print(f"{'stale' if check else 'written'}: {file.path}")  # noqa: T201
    return 1 if check and stale else 0


if __name__ == "__main__":
    sys.exit(main())
