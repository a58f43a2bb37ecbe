"""Trained systems of every paper on a real Triton: exported, loaded, and the same embeddings as torch's."""

from __future__ import annotations

import asyncio
from pathlib import Path

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
from training.export.exporting import compared_on, export
from training.export.gate import Agreement
from training.export.gate_data import Crops, GateData
from training.export.served_net import crop_hw
from training.job import run_job
from training.recipe import DataFacts
from training.tables.papers import PAPERS
from training.trained import Trained
from training.world import World

pytestmark = pytest.mark.stack

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
    name = f"reid_{paper}_{unique_prefix.strip('-').replace('-', '_')}"
    exported = export(trained, name=name, data=GateData(crops))
    repository = ModelRepository([Path(triton_settings.model_repositories[-1])])
    install_model(repository, exported.spec, exported.onnx)

    async def compared() -> Agreement:
        async with TritonAdmin(triton_settings.triton) as admin:
            await admin.load(name)
            triton = TritonInference(triton_settings.triton)
            await triton.open()
            try:
                return await compared_on(triton, exported, crops)
            finally:
                await triton.close()
                await admin.unload(name)

    try:
        found = asyncio.run(compared())
    finally:
        repository.remove(name)
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
