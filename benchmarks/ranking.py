"""CMC, mAP and k-reciprocal re-ranking at the size of Market-1501, against their plain references: time and peak memory.

``python -m benchmarks.ranking [--quick]``. Each figure is of a process of its own; the results are compared too.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import psutil

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.ranking_features import DIMENSION, GALLERY, QUERIES
from benchmarks.reporting import Cell, Report, Table, say

QUICK_PART = 0.03
PLAIN_BYTES_PER_PAIR = 24
"""What plain re-ranking holds at its peak for each pair of the (Q + G)² rows: measured at a part of the size."""
SPARE_BYTES = 3 * 1024**3
SMALLER_PART = 0.4
REPEATS = 3
TOLERANCE = {"evaluate": 1e-6, "rerank": 1e-4}
"""A value of a fast version that is farther than this from its reference differs."""
ALLOWED_PART = {"evaluate": 0.0, "rerank": 0.001}
"""Of the values that may differ. Two rows whose distances are equal but for float32's rounding may change places at the end of
a list of neighbours; among tens of thousands of rows some do, and what hangs on them differs."""


@dataclass(frozen=True, slots=True, eq=False)
class Measured:
    """One call: what it took, and some of what came out."""

    work: str
    queries: int
    gallery: int
    seconds: float
    cpu_seconds: float
    before_mib: float
    peak_mib: float
    samples: np.ndarray

    def row(self) -> tuple[str, str, float, float, float, float]:
        """Of the table."""
        size = f"{self.queries} x {self.gallery}"
        return (self.work, size, self.seconds, self.cpu_seconds, self.peak_mib, self.peak_mib - self.before_mib)


def main() -> None:
    """Run it and write the table."""
    arguments = parser(__doc__).parse_args()
    facts = machine_facts()
    full = QUICK_PART if arguments.quick else 1.0
    plain = full if _plain_fits(full) else SMALLER_PART
    with tempfile.TemporaryDirectory(prefix="sl-ranking-") as folder:
        distances = _measure("distances", full, Path(folder))
        evaluations = [_measure(work, full, Path(folder)) for work in ("evaluate", "evaluate_plainly")]
        rerankings = [_measure("rerank", part, Path(folder)) for part in dict.fromkeys((full, plain))]
        rerankings.append(_measure("rerank_plainly", plain, Path(folder)))
    facts |= {"load average after (1 min)": round(os.getloadavg()[0], 1)}
    _report(distances, evaluations, rerankings, facts).publish(output_folder(arguments))


def _plain_fits(part: float) -> bool:
    needed = PLAIN_BYTES_PER_PAIR * (part * (QUERIES + GALLERY)) ** 2 + SPARE_BYTES
    available = psutil.virtual_memory().available
    if available < needed:
        sizes = f"{needed / 2**30:.0f} GiB, and {available / 2**30:.0f} GiB are free"
        say(f"plain re-ranking at this size needs {sizes}: it runs at a smaller one")
    return bool(available >= needed)


def _measure(work: str, part: float, folder: Path) -> Measured:
    say(f"{work} at {part:g} of the size")
    samples = folder / f"{work}-{part:g}.npy"
    command = [sys.executable, "-m", "benchmarks.ranking_run", work, "--part", str(part), "--samples", str(samples)]
    if "plainly" not in work:
        command += ["--repeats", str(REPEATS)]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    took = json.loads(done.stdout)
    say(f"{took['seconds']:.1f} s, {took['cpu_seconds']:.1f} CPU s, peak {took['peak_mib']:.0f} MiB")
    return Measured(work, **took, samples=np.load(samples))


def _differing(fast: Measured, plain: Measured) -> float:
    """The part of the compared values that differ; it is checked, as a quick wrong answer is no answer.

    Raises:
        RuntimeError: it is more than is allowed.
    """
    part = float((np.abs(fast.samples - plain.samples) > TOLERANCE[fast.work]).mean())
    if part > ALLOWED_PART[fast.work]:
        raise RuntimeError(f"{part:.2%} of the values of {fast.work} differ from those of {plain.work}")
    return part


def _compare(fast: Measured, plain: Measured) -> tuple[str, str, float, float, float, float]:
    """Row of the table that compares."""
    times, times_cpu = plain.seconds / fast.seconds, plain.cpu_seconds / fast.cpu_seconds
    tolerance = TOLERANCE[fast.work]
    return (fast.work, f"{fast.queries} x {fast.gallery}", times, times_cpu, tolerance, 100 * _differing(fast, plain))


def _report(
    distances: Measured, evaluations: Sequence[Measured], rerankings: Sequence[Measured], facts: Mapping[str, Cell]
) -> Report:
    took = ("work", "queries x gallery", "seconds", "CPU seconds", "peak of the process, MiB", "of it by the work, MiB")
    against = ("work", "queries x gallery", "times as fast", "by CPU time", "tolerance", "values beyond it, %")
    comparisons = (_compare(evaluations[0], evaluations[1]), _compare(rerankings[-2], rerankings[-1]))
    rows = tuple(measured.row() for measured in (distances, *evaluations, *rerankings))
    full = rerankings[0]
    return Report(
        name="ranking",
        title="Ranking: CMC and mAP, and k-reciprocal re-ranking",
        method=(
            f"Random {DIMENSION}-d features with identities (750 people, 2,793 distractors and 6 cameras at full size). Each "
            "row is one call in a process of its own, on all cores; its peak is that process's largest resident memory "
            "(ru_maxrss), features and libraries included. `distances` is the full matrix of Euclidean distances, which "
            "`evaluate` starts from. The `_plainly` rows are the references of `sightline/ranking_reference.py` and "
            "`sightline/reranking_reference.py`."
        ),
        tables=(Table("Time and memory", took, rows), Table("Against the reference", against, comparisons)),
        machine=facts,
        notes=(
            "Both re-rankings compute half of the symmetric distances, which is most of what is left of the fast one.",
            "Fast versions run three times, the median counts; references run once.",
            "Values of re-ranking differ where two rows at the end of a list of neighbours are equally far but for rounding.",
            "CPU seconds are of all threads; where other processes share the cores they tell more than the seconds.",
        ),
        figures={
            "rerank_seconds": full.seconds,
            "rerank_peak_mib": full.peak_mib,
            "rerank_times_as_fast": comparisons[1][2],
            "evaluate_seconds": evaluations[0].seconds,
            "evaluate_times_as_fast": comparisons[0][2],
        },
    )


if __name__ == "__main__":
    main()
