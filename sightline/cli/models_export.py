"""``sightline models export``: a training run becomes a model that serves."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout
from sightline.errors import ModelError, SightlineError

if TYPE_CHECKING:
    from sightline.settings import Settings
    from training.export.candidate import Candidate, Wanted


class Precision(StrEnum):
    """Of the arithmetic."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


GATE, KEEP = "What it is compared on", "What is kept, and where"


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, its weights.pt, or a checkpoint.", metavar="RUN")],
    *,
    name: Annotated[
        str,
        typer.Option(
            help="On Triton: reid_NAME, keypoints, densepose, person_detector. A name that is there becomes its next version."
        ),
    ],
    data: Annotated[
        Path, typer.Option(help="A data set whose held-out pictures are compared; folder or archive.", rich_help_panel=GATE)
    ],
    crops: Annotated[int, typer.Option(min=2, help="How many, at most.", rich_help_panel=GATE)] = 64,
    precision: Annotated[
        Precision, typer.Option(help="Of the arithmetic: fp16 for GPUs, int8 (convolutions) for CPUs.", rich_help_panel=KEEP)
    ] = Precision.FP32,
    flip: Annotated[
        bool, typer.Option("--flip", help="Add up crop and mirrored crop: better, and twice the work.", rich_help_panel=KEEP)
    ] = False,
    canvas: Annotated[
        int | None, typer.Option(min=32, help="Of detectors: side of the canvas. Unset: the recipe's.", rich_help_panel=KEEP)
    ] = None,
    terms: Annotated[str, typer.Option(help="Terms of the weights, kept in the spec.", rich_help_panel=KEEP)] = "",
    max_batch_size: Annotated[int, typer.Option(min=1, help="Largest batch on Triton.", rich_help_panel=KEEP)] = 32,
    folder: Annotated[
        Path | None, typer.Option(help="A model repository. Unset: the last of the settings.", rich_help_panel=KEEP)
    ] = None,
) -> None:
    """Make a trained system a model of the repository: ONNX with all preprocessing inside.

    It must pass the gate: torch, ONNX Runtime and, where it runs, Triton give the same of real pictures: embeddings of a cosine
    of 0.9999 or more for each (0.999 in half precision; in 8 bits the mAP on the data set counts, which may drop by 0.5
    points), places of joints and boxes to a fraction of a pixel, body parts in 99.9 % of the cells. A model that does not pass
    is refused with the numbers, and nothing is kept: a model that had its name goes on serving.

    Examples:

    - `sightline models export runs/djl_hfa --name reid_djl --data Market-1501-v15.09.15`
    - `sightline models export runs/djl_hfa --name reid_djl --data Market-1501-v15.09.15 --precision int8`
    - `sightline models export runs/keypoints --name keypoints --data Market-1501-v15.09.15`
    - `sightline models export runs/person_detector --name person_detector --data person_detection/frames.tar --canvas 320`
    - `sightline models export runs/densepose --name densepose --data Market-1501-v15.09.15`
    - `sightline models export runs/baseline_cpu/weights.pt --name reid_small --data crops/ --flip --terms "research use"`
    """
    from sightline.cli.models_triton import as_before_on_triton
    from sightline.cli.training_extra import training_installed
    from sightline.models.adding import install_model
    from sightline.models.live import LiveModels
    from sightline.models.repository import ModelRepository
    from sightline.models.triton_config import Batching
    from sightline.settings import load_settings

    with training_installed("Exporting a trained system"):
        from training.export.candidate import Wanted

    settings = load_settings()
    wanted = Wanted(name, data, crops, precision.value, flip, terms, canvas)
    with stderr.status(f"Exporting {run} and comparing it with the trained net…"):
        model = _candidate(run, wanted)
    for finding in model.findings:
        stdout.print(finding.describe(), highlight=False, soft_wrap=True)
    repository = ModelRepository([folder] if folder else settings.model_repositories)
    batching = Batching(max_batch_size=max_batch_size)
    serves = folder is None or folder in settings.model_repositories
    live = LiveModels(settings.local.state_dir).names() if serves else ()
    try:
        with repository.on_trial(name):
            installed, changed = install_model(repository, model.spec, model.onnx, batching=batching, live=live)
            if serves:
                asyncio.run(_on_triton(settings, model))
    except SightlineError:
        if serves:
            asyncio.run(as_before_on_triton(settings, repository, name))
        raise
    verb = "Added" if changed else "Unchanged:"
    stdout.print(f"{verb} [bold]{name}[/] version {installed.spec.version} in {installed.folder}", highlight=False)


def _candidate(run: Path, wanted: Wanted) -> Candidate:
    from training.export.candidate import candidate
    from training.trained import read_any_trained

    return candidate(read_any_trained(run), wanted)


async def _on_triton(settings: Settings, model: Candidate) -> None:
    """Load it where Triton runs, and compare there too.

    Raises:
        ModelError: Triton gives something else.
    """
    from sightline.adapters.triton import TritonInference
    from sightline.cli.models_triton import load_on_triton, ready_on_triton

    name = model.spec.name
    await load_on_triton(settings, name)
    if not await ready_on_triton(settings, [name]):
        return
    triton = TritonInference(settings.triton)
    await triton.open()
    try:
        findings = await model.compare_on(triton)
    finally:
        await triton.close()
    for finding in findings:
        stdout.print(finding.describe(), highlight=False, soft_wrap=True)
    if not all(finding.passed for finding in findings):
        raise ModelError(f"{name} is refused and not kept: Triton does not give what ONNX Runtime gives")
