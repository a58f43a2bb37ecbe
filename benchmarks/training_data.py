"""How many pictures a second the training data's pipeline makes: ``python -m benchmarks.training_data [--quick]``.

No net: decoding, augmentation and batches alone. What it takes of the processor is what training on the same cores lacks.
"""

from __future__ import annotations

import tempfile
import time
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

import cv2

from benchmarks.arguments import output_folder, parser, shared
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from training.config import AugmentConfig, IdentityBalanced
from training.data.config import DataConfig
from training.data.opening import NetInput, open_training_data
from training.data.part_images import part_images
from training.data.training_set import TrainingSet
from training.samplers.build import build_sampler

USUAL = AugmentConfig(scale=(0.64, 1.0), aspect=(1.6, 2.5), flip=0.5, erase=0.5)
COLOURS = USUAL.model_copy(update={"colour_jitter": 0.2, "channel_gain": 0.2, "erase_with": "noise"})
SAMPLING = IdentityBalanced(identities=16, instances=4)
METHOD = """\
Batches of 64 (16 identities, 4 pictures) of Market-1501-dev, key points carried along; no net. Memory: pictures are kept
decoded; files: each is read and decoded anew. The processor's time is of the whole process. The best of five rounds of 26
batches is given: others only add what else the machine did."""

ROUNDS, BATCHES, QUICK_BATCHES = 5, 26, 4


@dataclass(frozen=True)
class Case:
    """One row: what is made, of pictures from where, by how many threads."""

    what: str
    size_hw: tuple[int, int]
    augment: AugmentConfig
    kept: bool = True
    threads: int = 1
    parts: bool = False


SMALL, LARGE = (128, 64), (256, 128)
CASES = (
    Case("resize alone", SMALL, AugmentConfig(flip=0.0)),
    Case("crop, flip, erasing", SMALL, USUAL),
    Case("crop, flip, erasing", SMALL, USUAL, threads=2),
    Case("crop, flip, erasing", SMALL, USUAL, kept=False),
    Case("crop, flip, erasing", SMALL, USUAL, kept=False, threads=2),
    Case("crop, flip, colours, erasing with noise", SMALL, COLOURS),
    Case("crop, flip, erasing, part images", SMALL, USUAL, parts=True),
    Case("crop, flip, erasing", LARGE, USUAL),
    Case("crop, flip, erasing", LARGE, USUAL, threads=2),
    Case("crop, flip, erasing", LARGE, USUAL, kept=False),
    Case("crop, flip, erasing, part images", LARGE, USUAL, parts=True),
)


def main() -> None:
    """Measure and report."""
    arguments = parser(__doc__).parse_args()
    archive = shared("data", "market1501", "images.tar")
    cv2.setNumThreads(1)  # the threads of a row are those of the row
    batches = QUICK_BATCHES if arguments.quick else BATCHES
    with tempfile.TemporaryDirectory(prefix="sl-bench-") as cache:
        opening = [_opened(archive, Path(cache), what) for what in ("unpacked and read", "read")]
        rows = [_measured(case, archive, Path(cache), batches) for case in CASES]
    columns = ("what", "net's input", "from", "threads", "pictures/s", "processor, ms a picture")
    Report(
        name="training_data",
        title="Training data: pictures/s of the pipeline",
        method=METHOD,
        tables=[
            Table("Batches", columns, rows),
            Table("Opening the set of 10,896 pictures", ("what", "s", "processor, s"), opening),
        ],
        machine=machine_facts(),
        figures={
            "small_per_s": float(rows[1][4] or 0),
            "large_per_s": float(rows[7][4] or 0),
        },
    ).publish(output_folder(arguments))


def _config(archive: Path, cache: Path, case: Case | None = None) -> DataConfig:
    memory = {} if case is None or case.kept else {"memory_bytes": 0}
    return DataConfig(path=archive, cache=cache, threads=1 if case is None else case.threads, **memory)


def _opened(archive: Path, cache: Path, what: str) -> tuple[Cell, ...]:
    say(f"opening: {what}")
    began, worked = time.perf_counter(), time.process_time()
    open_training_data(_config(archive, cache), NetInput(SMALL, USUAL))
    return what, time.perf_counter() - began, time.process_time() - worked


def _measured(case: Case, archive: Path, cache: Path, batches: int) -> tuple[Cell, ...]:
    say(f"{case.what} at {case.size_hw[0]}x{case.size_hw[1]}")
    net = NetInput(case.size_hw, case.augment, part_images=part_images if case.parts else None)
    training = open_training_data(_config(archive, cache, case), net).training
    _round(training, 0, min(batches, 8))  # the first calls load what they need
    rounds = [_round(training, number, batches) for number in range(ROUNDS)]
    size = f"{case.size_hw[0]}x{case.size_hw[1]}"
    source = "memory" if case.kept else "files"
    return case.what, size, source, case.threads, max(rate for rate, _ in rounds), min(cost for _, cost in rounds)


def _round(training: TrainingSet, epoch: int, batches: int) -> tuple[float, float]:
    """Pictures/s, and milliseconds of the processor a picture."""
    indices = islice(build_sampler(SAMPLING, training.classes, seed=0).batches(epoch), batches)
    began, worked = time.perf_counter(), time.process_time()
    pictures = sum(len(batch) for batch in training.batches(indices, seed=0, epoch=epoch))
    return pictures / (time.perf_counter() - began), 1000 * (time.process_time() - worked) / pictures


if __name__ == "__main__":
    main()
