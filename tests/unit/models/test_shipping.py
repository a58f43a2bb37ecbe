"""What a model must be before it is shipped, and that those of this checkout are."""

from __future__ import annotations

import asyncio
import tomllib
from pathlib import Path

import pytest
from support.served_models import add_detector, add_embedder

from sightline.errors import ModelError
from sightline.models.card import HEADINGS, read_card
from sightline.models.checking import check_model
from sightline.models.pictures import draw_pictures
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.models.shipping import MAX_BUNDLE_BYTES, bundle, shipping_faults, weights_bytes
from sightline.settings import PACKAGED_MODELS

CHECKOUT = Path(__file__).resolve().parents[3]
SHIPPED = bundle(PACKAGED_MODELS)


@pytest.fixture
def shippable(tmp_path: Path) -> InstalledModel:
    """Nothing is wrong with it."""
    model = add_embedder(ModelRepository([tmp_path]), "reid_made_up", source="made up", terms="Apache-2.0")
    (model.folder / "README.md").write_text("# reid_made_up\n\n" + "\n".join(f"## {name}\n\nSome.\n" for name in HEADINGS))
    return model


def test_one_that_may_go(shippable: InstalledModel) -> None:
    assert shipping_faults(shippable) == []
    assert weights_bytes([shippable]) == (shippable.folder / "1" / "model.onnx").stat().st_size


def test_a_card_must_say_everything(shippable: InstalledModel) -> None:
    card = shippable.folder / "README.md"
    card.write_text("# A model\n\n## data\n\nSome.\n\n## TERMS\n\nSome.\n\n## Limits\n\n## Figures\n\nrank-1 50 %\n")
    assert read_card(shippable.folder)["Figures"] == "rank-1 50 %"
    assert shipping_faults(shippable) == ["README.md does not say: Recipe, Limits, Who it works worse for"]
    card.unlink()
    assert shipping_faults(shippable) == [f"README.md does not say: {', '.join(HEADINGS)}"]


def test_files_must_be_what_the_spec_says(shippable: InstalledModel) -> None:
    config = shippable.folder / "config.pbtxt"
    config.write_text(config.read_text().replace("dims: [ 64, 32, 3 ]", "dims: [ 64, 64, 3 ]"))
    assert shipping_faults(shippable) == ["config.pbtxt is not what the spec asks for"]
    shippable.backend.write_text("pass")
    shippable.onnx.write_bytes(b"other")
    changed, backend, _ = shipping_faults(shippable)
    assert "was changed" in changed
    assert backend == "model.py is not a copy of backend_model.py"


def test_names_are_fixed_by_kind_and_terms_are_in_the_spec(tmp_path: Path) -> None:
    model = add_detector(ModelRepository([tmp_path]), "finder")
    faults = shipping_faults(model)
    assert "a model of kind detector is named person_detector" in faults
    assert "spec.json does not say its terms" in faults


def test_a_folder_without_a_spec_is_no_model(shippable: InstalledModel, tmp_path: Path) -> None:
    assert [model.spec.name for model in bundle(tmp_path)] == ["reid_made_up"]
    (tmp_path / "half" / "1").mkdir(parents=True)
    with pytest.raises(ModelError, match=r"no spec\.json: half"):
        bundle(tmp_path)


def test_the_bundle_is_part_of_the_package() -> None:
    """By the patterns of pyproject.toml, as setuptools reads them: what pip installs has every file."""
    setuptools = tomllib.loads((CHECKOUT / "pyproject.toml").read_text())["tool"]["setuptools"]
    root = CHECKOUT / "serving"
    patterns = setuptools["package-data"]["serving"]
    packaged = {path for pattern in patterns for path in root.glob(pattern)}
    there = {path for path in PACKAGED_MODELS.rglob("*") if path.is_file()}
    assert there, "at least what the folder is for"
    assert there <= packaged


@pytest.mark.parametrize("model", SHIPPED, ids=lambda model: model.spec.name)
def test_what_ships_is_shippable_and_answers(model: InstalledModel) -> None:
    assert shipping_faults(model) == []
    check = asyncio.run(check_model(model, draw_pictures(3), triton=None))
    assert check.passed, [difference.describe() for difference in check.differences]


def test_what_ships_is_small_and_one_of_each_kind() -> None:
    assert weights_bytes(SHIPPED) <= MAX_BUNDLE_BYTES
    kinds = [model.spec.kind for model in SHIPPED]
    assert len(kinds) == len(set(kinds)), "the stream could not choose"
