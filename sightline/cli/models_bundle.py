"""``sightline models bundle``: models for a Triton of one's own."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from sightline.cli.console import stdout
from sightline.models.triton_config import Backend


def bundle(
    folder: Annotated[Path, typer.Argument(file_okay=False, help="Where to: a new or empty folder.")],
    names: Annotated[list[str] | None, typer.Argument(help="Which models. Unset: all that are in use.")] = None,
    *,
    backend: Annotated[
        Backend, typer.Option(help="Of Triton: our Python one, its ONNX Runtime, or TensorRT engines.")
    ] = "onnxruntime",
    gpu: Annotated[list[int] | None, typer.Option(min=0, help="Number of a GPU; repeat it. Unset: on the CPU.")] = None,
    instances: Annotated[int, typer.Option(min=1, help="Of each model on each GPU, or on the CPU.")] = 1,
    threads: Annotated[int, typer.Option(min=1, help="Of an instance on a CPU.")] = 1,
    accelerate: Annotated[
        bool, typer.Option("--accelerate", help="ONNX Runtime gives TensorRT what it can, in half precision.")
    ] = False,
    max_batch: Annotated[int, typer.Option(min=1, help="Most pictures in one run.")] = 32,
    config: Annotated[
        Path | None, typer.Option(exists=True, dir_okay=False, help="A settings file; unset = sightline.yaml here.")
    ] = None,
) -> None:
    """Write a model repository for a Triton of your own: NVIDIA's container, with GPUs.

    Each model goes there with its spec and a config.pbtxt for that backend. Start Triton on the folder and tell Sightline of
    both: `triton.url` and `triton.model_repositories`. A TensorRT engine fits one kind of GPU: the command that makes it is
    printed, and run there.

    Examples:

    - `sightline models bundle repository --gpu 0`
    - `sightline models bundle repository --gpu 0 --gpu 1 --accelerate`
    - `sightline models bundle repository person_detector --backend tensorrt --gpu 0`
    """
    from sightline.models.elsewhere import write_for
    from sightline.models.repository import ModelRepository
    from sightline.models.selection import select_models
    from sightline.models.triton_config import Batching, Placement, trtexec
    from sightline.settings import load_settings

    settings = load_settings(config)
    repository = ModelRepository(settings.model_repositories)
    models = [repository.find(name) for name in names or sorted(select_models(settings).names)]
    batching = Batching(max_batch_size=max_batch)
    placement = Placement(backend, tuple(gpu or ()), instances, threads, accelerate)
    write_for(models, folder, placement, batching)
    stdout.print(f"Wrote {', '.join(model.spec.name for model in models)} to {folder}", highlight=False, soft_wrap=True)
    if backend == "tensorrt":
        stdout.print("Make each engine on the GPU that will run it:")
        for model in models:
            command = f"(cd {folder / model.spec.name / str(model.spec.version)} && {trtexec(model.spec, batching)})"
            stdout.print(f"  {command}", highlight=False, markup=False, soft_wrap=True)
