"""Trained systems of every paper, and pose nets, on a real Triton: exported, loaded, and the same as torch's."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Any, TypeVar

import numpy as np
import pytest
import torch
from support.processes import write_settings
from support.training_data import quick_job, write_market
from typer.testing import CliRunner

from sightline.adapters.triton import TritonAdmin, TritonInference
from sightline.cli.app import app
from sightline.errors import ModelError
from sightline.models.adding import install_model
from sightline.models.repository import ModelRepository
from sightline.settings import Settings
from sightline.skeleton import JOINTS
from sightline.spec import ModelSpec
from training.export.exporting import compared_on, export
from training.export.gate import Agreement
from training.export.gate_data import Crops, GateData
from training.export.perception import compared_on_server, export_perception
from training.export.served_net import crop_hw
from training.export.served_pose import served_pose
from training.job import run_job
from training.nets.crop_pose.config import CropPoseConfig
from training.recipe import DataFacts
from training.recipes.keypoints import KeypointsRecipe
from training.tables.papers import PAPERS
from training.trained import AnyTrained, Trained
from training.world import World

pytestmark = pytest.mark.stack

T = TypeVar("T")

FACTS = DataFacts(classes=5, attributes={"hat": 2}, keypoints=True, part_images=True)


@pytest.mark.parametrize(("paper", "row"), [(table.name, table.key[-1]) for table in PAPERS.values()])
def test_triton_gives_what_torch_gives(triton_settings: Settings, unique_prefix: str, paper: str, row: str) -> None:
    recipe = PAPERS[paper].recipe(row, scale="cpu", seed=0)
    torch.manual_seed(0)
    trained = Trained(recipe.build(FACTS).eval(), recipe, FACTS, "d" * 64, 0, {}, {})
    rng = np.random.default_rng(0)
    crops = Crops(
        rng.integers(0, 256, (5, *crop_hw(recipe), 3), dtype=np.uint8), rng.random((5, len(JOINTS), 3)).astype(np.float32)
    )
    exported = export(trained, name=unique(f"reid_{paper}", unique_prefix), data=GateData(crops))
    found = served(triton_settings, exported.spec, exported.onnx, lambda triton: compared_on(triton, exported, crops))
    assert found.passed, found.describe()
    assert found.crops == 5


def test_what_triton_alone_refuses_leaves_the_earlier_model_in_its_place(
    triton_settings: Settings, unique_prefix: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    name = f"reid_{unique_prefix.strip('-')}"
    repository = ModelRepository([Path(triton_settings.model_repositories[-1])])
    monkeypatch.setenv("SIGHTLINE_CONFIG", str(write_settings(triton_settings, tmp_path)))
    run_job(quick_job(write_market(tmp_path / "market"), tmp_path / "run"), World())
    command = ["models", "export", str(tmp_path / "run"), "--name", name, "--data", str(tmp_path / "market")]
    assert CliRunner().invoke(app, command).exit_code == 0
    earlier = repository.find(name).spec

    async def other(*_: object) -> Agreement:
        return Agreement("torch and Triton", 2, 0.5, 0.7, 0.9999)

    monkeypatch.setattr("training.export.candidate.compared_on", other)
    refused = CliRunner().invoke(app, [*command, "--flip"])
    assert isinstance(refused.exception, ModelError)
    assert repository.find(name).spec == earlier

    async def ready() -> bool:
        async with TritonAdmin(triton_settings.triton) as admin:
            return await admin.ready(name)

    assert asyncio.run(ready())
    assert CliRunner().invoke(app, ["models", "remove", name]).exit_code == 0


def test_triton_finds_the_joints_that_torch_finds(triton_settings: Settings, unique_prefix: str) -> None:
    recipe = KeypointsRecipe(size_hw=(64, 32), system=CropPoseConfig(stem=8, channels=(8, 8), blocks=(1, 1), pyramid=8))
    torch.manual_seed(0)
    system = recipe.build(FACTS).eval()
    with torch.no_grad():
        system.net.maps.weight.mul_(300)  # clear peaks, as a trained net has
    trained: AnyTrained = Trained(system, recipe, FACTS, "d" * 64, 0, {}, {})
    crops = np.random.default_rng(0).integers(0, 256, (40, *recipe.size_hw, 3), dtype=np.uint8)
    name = unique("keypoints", unique_prefix)
    exported = export_perception(served_pose(system, recipe.size_hw), trained, crops, name=name)
    found = served(triton_settings, exported.spec, exported.onnx, lambda triton: compared_on_server(triton, exported, crops))
    assert [(each.output, each.passed, each.samples) for each in found] == [("xy", True, 40), ("confidence", True, 40)], [
        each.describe() for each in found
    ]


def unique(name: str, prefix: str) -> str:
    """A name that no other test's model has."""
    return f"{name}_{prefix.strip('-').replace('-', '_')}"


def served(settings: Settings, spec: ModelSpec, onnx: bytes, ask: Callable[[TritonInference], Coroutine[Any, Any, T]]) -> T:
    """What ``ask`` finds while Triton serves the model, which is gone afterwards."""
    repository = ModelRepository([Path(settings.model_repositories[-1])])
    install_model(repository, spec, onnx)

    async def asked() -> T:
        async with TritonAdmin(settings.triton) as admin:
            await admin.load(spec.name)
            triton = TritonInference(settings.triton)
            await triton.open()
            try:
                return await ask(triton)
            finally:
                await triton.close()
                await admin.unload(spec.name)

    try:
        return asyncio.run(asked())
    finally:
        repository.remove(spec.name)
