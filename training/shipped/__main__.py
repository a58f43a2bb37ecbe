"""Make a model that comes with Sightline again: synthetic people, training, export.

python -m training.shipped reid_sightline --data ../shared/data           some hours on one core
python -m training.shipped reid_sightline --data ../shared/data --show    the commands alone
"""

from __future__ import annotations

import argparse
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

from training.shipped.steps import MODELS, SYNTHETIC, Step, steps_of


def main() -> int:
    """Take the steps that have not been done; the exit status of the first that fails."""
    parser = argparse.ArgumentParser(
        prog="python -m training.shipped",
        description=__doc__,
        epilog="Steps that were done are left out, and a training that was cut off goes on: say the same again.",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("model", choices=MODELS, help="which")
    parser.add_argument("--data", type=Path, required=True, help="the folder of the research data")
    parser.add_argument("--runs", type=Path, default=Path("runs/shipped"), help="people and runs (default: %(default)s)")
    parser.add_argument(
        "--repository",
        type=Path,
        help="the model repository it goes to (default: models beside the runs, to be looked at first)",
    )
    parser.add_argument("--threads", type=int, help="of the trainings (default: all cores)")
    parser.add_argument("--show", action="store_true", help="show the commands, and end")
    told = parser.parse_args()
    missing = [file for file in MODELS[told.model].data if file != SYNTHETIC and not (told.data / file).exists()]
    if missing and not told.show:
        _say(f"{told.data} lacks {', '.join(missing)}: name the folder of the research data by --data")
        return 2
    repository = told.repository or told.runs / "models"
    for step in steps_of(told.model, data=told.data, runs=told.runs, repository=repository, threads=told.threads):
        done = not told.show and step.made is not None and step.made.exists()
        _say(f"{'done before:' if done else '==>'} sightline {shlex.join(step.command)}")
        status = 0 if done or told.show else _take(step)
        if status:
            _say("That failed. Once what it says is mended, the same command goes on from here.")
            return status
    return 0


def _take(step: Step) -> int:
    """Run its command, or the one that goes on; its exit status."""
    command = step.command
    if step.made is not None and step.made.parent.exists():
        if step.resumed is not None and step.kept is not None and step.kept.exists():
            command = step.resumed
        else:
            shutil.rmtree(step.made.parent)  # half of it, or nothing to go on from
    if step.made is not None and step.beside is not None:
        step.made.parent.mkdir(parents=True)
        (step.made.parent / step.beside.name).symlink_to(step.beside.absolute())
    return subprocess.run([str(Path(sys.executable).with_name("sightline")), *command], check=False).returncode


def _say(line: str) -> None:
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
