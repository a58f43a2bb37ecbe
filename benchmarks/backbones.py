"""Pictures/s of forward and backward passes of the trunks, by threads: what an epoch on this machine costs.

python -m benchmarks.backbones            the full run, some minutes
python -m benchmarks.backbones --quick    a smoke run
"""

from __future__ import annotations

import time
from dataclasses import dataclass

import torch

from benchmarks.arguments import output_folder, parser
from benchmarks.machine import machine_facts
from benchmarks.reporting import Cell, Report, Table, say
from training.batch import Inputs, Targets
from training.config import Precision
from training.losses.joint import JointLoss, Weighted
from training.nets.backbones.config import (
    BackboneConfig,
    DgdInceptionConfig,
    NarrowResidualConfig,
    OSNetConfig,
    ResNetConfig,
)
from training.nets.systems.baseline import Baseline, BaselineConfig
from training.objective import autocast, laid_out
from training.recipe import DataFacts
from training.recipes.baseline import BaselineRecipe

METHOD = """\
The strong baseline (average and maximum, 384-d, BN-neck, softmax and batch-hard triplet) on each trunk: forward, loss and
backward of one batch of made-up pictures over and over, no optimiser step and no data. The batch is 24 identities of 4 pictures
(fewer for large nets); a picture counts once its gradients are there. The best of the rounds is given: others only add what
else the machine did."""

CLASSES = 1551
"""Identities of both training sets of the floor."""

FULL, PLAIN = Precision(bf16=True, channels_last=True), Precision()


@dataclass(frozen=True, slots=True)
class Case:
    """A trunk as it is trained.

    Attributes:
        size_hw: of its pictures.
        instances: pictures of each of 24 identities.
    """

    name: str
    backbone: BackboneConfig
    size_hw: tuple[int, int] = (128, 64)
    precision: Precision = FULL
    instances: int = 4


CASES = (
    Case("narrow residual", NarrowResidualConfig()),
    Case("narrow residual, fp32", NarrowResidualConfig(), precision=PLAIN),
    Case("narrow residual, last stride 1", NarrowResidualConfig(last_stride=1)),
    Case("narrow residual, no instance norm", NarrowResidualConfig(instance_norm_up_to=0)),
    Case("ResNet-18 x0.5", ResNetConfig(block="basic", blocks=(2, 2, 2, 2), width=0.5, last_stride=1)),
    Case("OSNet x0.25", OSNetConfig(width=0.25)),
    Case("DGD Inception x0.25", DgdInceptionConfig(width=0.25), size_hw=(144, 56)),
    Case("ResNet-50, 256x128", ResNetConfig(last_stride=1), size_hw=(256, 128), instances=1),
)


def pictures_per_s(case: Case, *, threads: int, seconds: float) -> float:
    """The best round of as many as fit into the time, of at least two; one more warms up."""
    say(f"{case.name}, {threads} thread(s)")
    torch.set_num_threads(threads)
    torch.manual_seed(0)
    recipe = BaselineRecipe(system=BaselineConfig(backbone=case.backbone, descriptor=384))
    facts = DataFacts(CLASSES, {})
    system = recipe.build(facts).train()
    if case.precision.channels_last:
        system = system.to(memory_format=torch.channels_last)
    loss = JointLoss({name: Weighted(term) for name, term in recipe.terms(facts).items()})
    classes = torch.arange(24).repeat_interleave(case.instances)
    images = torch.randint(0, 256, (len(classes), 3, *case.size_hw), dtype=torch.uint8)
    targets = Targets(classes, torch.zeros_like(classes), torch.zeros(len(classes), 0, dtype=torch.int64))
    inputs = laid_out(Inputs(images), case.precision)
    _step(system, loss, inputs, targets, case.precision)
    rounds: list[float] = []
    until = time.perf_counter() + seconds
    while len(rounds) < 2 or time.perf_counter() < until:
        began = time.perf_counter()
        _step(system, loss, inputs, targets, case.precision)
        rounds.append(time.perf_counter() - began)
    return len(classes) / min(rounds)


def _step(system: Baseline, loss: JointLoss, inputs: Inputs, targets: Targets, precision: Precision) -> None:
    with autocast(precision, inputs.images.device):
        outputs = system(inputs)
    total, _ = loss(outputs, targets)
    system.zero_grad(set_to_none=True)
    total.backward()


def main() -> None:
    """Run it."""
    arguments = parser(__doc__).parse_args()
    machine = machine_facts()
    cases, seconds = (CASES[:1], 1.0) if arguments.quick else (CASES, 8.0)
    rates = {case: [pictures_per_s(case, threads=threads, seconds=seconds) for threads in (1, 2)] for case in cases}
    rows: list[tuple[Cell, ...]] = [
        (case.name, "x".join(map(str, case.size_hw)), "bf16" if case.precision.bf16 else "fp32", *measured)
        for case, measured in rates.items()
    ]
    Report(
        name="backbones",
        title="Training speed of the trunks",
        method=METHOD,
        tables=[Table("Pictures/s, forward and backward", ("trunk", "pictures", "precision", "1 thread", "2 threads"), rows)],
        machine=machine,
        figures={"narrow_residual_pictures_per_s": rates[CASES[0]][1]},
    ).publish(output_folder(arguments))


if __name__ == "__main__":
    main()
