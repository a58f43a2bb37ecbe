"""``sightline models`` beside a running Triton: models come and go there too."""

from __future__ import annotations

import asyncio

import pytest
from typer.testing import CliRunner

from sightline.adapters.triton import TritonAdmin
from sightline.cli.app import app

pytestmark = [pytest.mark.stack, pytest.mark.shared]


@pytest.fixture
def run(triton_settings, monkeypatch):
    monkeypatch.setenv("SIGHTLINE_TRITON__URL", triton_settings.triton.url)
    folders = ",".join(f'"{folder}"' for folder in triton_settings.model_repositories)
    monkeypatch.setenv("SIGHTLINE_TRITON__MODEL_REPOSITORIES", f"[{folders}]")
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(triton_settings.local.state_dir))

    def run(*arguments: str) -> str:
        result = CliRunner().invoke(app, ["models", *map(str, arguments)], catch_exceptions=False)
        assert result.exit_code == 0, result.output
        return result.output

    return run


def ready(settings, name: str) -> bool:
    async def ask() -> bool:
        async with TritonAdmin(settings.triton) as admin:
            return await admin.ready(name)

    return asyncio.run(ask())


def test_a_model_is_loaded_checked_and_unloaded(run, triton_settings, unique_prefix, shared_dir):
    name = f"reid_{unique_prefix.strip('-')}"
    assert "Loaded on Triton" in run("add", shared_dir / "weights" / "osnet_x0_25_msmt17.onnx", "--name", name)
    assert ready(triton_settings, name)
    checked = run("check", name)
    assert "here and on Triton" in checked
    assert "ok  embedding, this process and Triton" in checked
    run("remove", name)
    assert not ready(triton_settings, name)
    assert not (triton_settings.model_repositories[-1] / name).exists()
