"""``sightline evaluate`` on real pictures with the yardstick net, as a user runs it."""

from __future__ import annotations

import json
import tarfile
from pathlib import Path

import pytest
from typer.testing import CliRunner

from sightline.cli.app import app

pytestmark = pytest.mark.shared

PEOPLE = 8


@pytest.fixture
def people(shared_dir: Path, tmp_path: Path) -> Path:
    """The first few test identities of Market-1501-dev."""
    kept: set[str] = set()
    with tarfile.open(shared_dir / "data" / "market1501" / "images.tar") as archive:
        members = [m for m in archive if Path(m.name).parent.name in ("query", "bounding_box_test") and m.isfile()]
        kept.update(sorted({Path(m.name).name[:4] for m in members if Path(m.name).parent.name == "query"})[:PEOPLE])
        chosen = [member for member in members if Path(member.name).name[:4] in kept]
        archive.extractall(tmp_path, chosen, filter="data")
    return tmp_path / "Market-1501-dev"


def test_people_are_found_again(people: Path, shared_dir: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SIGHTLINE_LOCAL__STATE_DIR", str(tmp_path / "state"))
    model = shared_dir / "weights" / "osnet_x0_25_msmt17.onnx"
    arguments = ["--data", str(people), "--rerank", "--json", "--threads", "1", "--output", str(tmp_path / "report")]
    result = CliRunner().invoke(app, ["evaluate", "--model", str(model), *arguments], catch_exceptions=False)

    document = json.loads(result.stdout)
    assert document["data"]["queries"] == 37
    assert document["plain"]["rank_1"] == pytest.approx(30 / 37, abs=0.03)
    assert document["plain"]["mean_ap"] == pytest.approx(0.638, abs=0.01)
    assert document["mean_ap"] == pytest.approx(0.705, abs=0.01)
    assert document == json.loads((tmp_path / "report" / "evaluation.json").read_text())
