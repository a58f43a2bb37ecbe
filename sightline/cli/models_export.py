"""``sightline models export``: a training run becomes a model that serves."""

from __future__ import annotations

import asyncio
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from sightline.cli.console import stderr, stdout
from sightline.errors import ModelError

if TYPE_CHECKING:
    from sightline.models.repository import ModelRepository
    from sightline.settings import Settings
    from training.export.exporting import ExportedModel
    from training.export.gate_data import Crops


class Precision(StrEnum):
    """Of the arithmetic."""

    FP32 = "fp32"
    FP16 = "fp16"
    INT8 = "int8"


GATE, KEEP = "What it is compared on", "What is kept, and where"


def export(
    run: Annotated[Path, typer.Argument(help="A run's folder, its weights.pt, or a checkpoint.", metavar="RUN")],
    *,
    name: Annotated[str, typer.Option(help="On Triton: reid_NAME. A name that is there becomes its next version.")],
    data: Annotated[
        Path, typer.Option(help="A data set whose gallery's crops are compared; folder or archive.", rich_help_panel=GATE)
    ],
    crops: Annotated[int, typer.Option(min=2, help="How many, at most.", rich_help_panel=GATE)] = 64,
    precision: Annotated[
        Precision, typer.Option(help="Of the arithmetic: fp16 for GPUs, int8 (convolutions) for CPUs.", rich_help_panel=KEEP)
    ] = Precision.FP32,
    flip: Annotated[
        bool, typer.Option("--flip", help="Add up crop and mirrored crop: better, and twice the work.", rich_help_panel=KEEP)
    ] = False,
    terms: Annotated[str, typer.Option(help="Terms of the weights, kept in the spec.", rich_help_panel=KEEP)] = "",
    max_batch_size: Annotated[int, typer.Option(min=1, help="Largest batch on Triton.", rich_help_panel=KEEP)] = 32,
    folder: Annotated[
        Path | None, typer.Option(help="A model repository. Unset: the last of the settings.", rich_help_panel=KEEP)
    ] = None,
) -> None:
    """Make a trained system a model of the repository: ONNX with all preprocessing inside.

    It must pass the gate: torch, ONNX Runtime and, where it runs, Triton give the same embeddings of real crops (a cosine of
    0.9999 or more for each; 0.999 in half precision). In 8 bits the mAP on the data set counts: it may drop by 0.5 points. A
    model that does not pass is refused with the numbers, and nothing is kept.

    Examples:

    - `sightline models export runs/djl_hfa --name reid_djl --data Market-1501-v15.09.15`
    - `sightline models export runs/djl_hfa --name reid_djl --data Market-1501-v15.09.15 --precision int8`
    - `sightline models export runs/baseline_cpu/weights.pt --name reid_small --data crops/ --flip --terms "research use"`
    """
    from sightline.models.adding import install_model
    from sightline.models.repository import ModelRepository
    from sightline.models.triton_config import Batching
    from sightline.settings import load_settings

    settings = load_settings()
    with stderr.status(f"Exporting {run} and comparing it with the trained net…"):
        exported, compared = _exported(run, name=name, data=data, limit=crops, precision=precision, flip=flip, terms=terms)
    for finding in exported.findings:
        stdout.print(finding.describe(), highlight=False, soft_wrap=True)
    repository = ModelRepository([folder] if folder else settings.model_repositories)
    batching = Batching(max_batch_size=max_batch_size)
    model, changed = install_model(repository, exported.spec, exported.onnx, batching=batching)
    if folder is None or folder in settings.model_repositories:
        asyncio.run(_on_triton(settings, repository, exported, compared))
    verb = "Added" if changed else "Unchanged:"
    stdout.print(f"{verb} [bold]{name}[/] version {model.spec.version} in {model.folder}", highlight=False)


def _exported(
    run: Path, *, name: str, data: Path, limit: int, precision: Precision, flip: bool, terms: str
) -> tuple[ExportedModel, Crops]:
    from sightline.cli.training_extra import training_installed

    with training_installed("Exporting a trained system"):
        from training.data.config import DataConfig
        from training.export.exporting import export as export_trained
        from training.export.gate_data import read_gate_data
        from training.export.served_net import crop_hw
        from training.trained import read_trained

    trained = read_trained(run)
    gate = read_gate_data(DataConfig(path=data), crop_hw(trained.recipe), limit=limit)
    return export_trained(trained, name=name, data=gate, precision=precision.value, flip=flip, terms=terms), gate.compared


async def _on_triton(settings: Settings, repository: ModelRepository, exported: ExportedModel, crops: Crops) -> None:
    """Load it where Triton runs, and compare there too.

    Raises:
        ModelError: Triton gives something else; the model is taken out again.
    """
    from sightline.adapters.triton import TritonInference
    from sightline.cli.models_triton import load_on_triton, ready_on_triton, unload_from_triton
    from training.export.exporting import compared_on

    name = exported.spec.name
    await load_on_triton(settings, name)
    if not await ready_on_triton(settings, [name]):
        return
    triton = TritonInference(settings.triton)
    await triton.open()
    try:
        agreement = await compared_on(triton, exported, crops)
    finally:
        await triton.close()
    stdout.print(agreement.describe(), highlight=False, soft_wrap=True)
    if not agreement.passed:
        await unload_from_triton(settings, name)
        repository.remove(name)
        raise ModelError(f"{name} is refused and was taken out: Triton does not give what ONNX Runtime gives")
