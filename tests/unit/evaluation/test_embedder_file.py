"""Which models can be evaluated, and what is said of the others."""

from __future__ import annotations

import hashlib
from pathlib import Path

import pytest
from onnx import TensorProto
from support.labelled_people import write_embedder

from sightline.errors import ConfigurationError, ModelError
from sightline.evaluation.embedder_file import load_embedder
from sightline.models.repository import ModelRepository
from sightline.settings import Settings, load_settings
from sightline.spec import CropRule, ModelSpec, TensorSpec


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    return load_settings(local={"state_dir": tmp_path / "state"}, triton={"model_repositories": (tmp_path / "models",)})


def install(settings: Settings, content: bytes, *, name: str = "reid_colours") -> ModelSpec:
    spec = ModelSpec(
        name=name,
        kind="embedder",
        version=3,
        inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 16, 8, 3)),),
        outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, 6)),),
        crop=CropRule(size_hw=(16, 8), interpolation="area"),
        sha256=hashlib.sha256(content).hexdigest(),
    )
    ModelRepository(settings.model_repositories).add(spec, content)
    return spec


def test_a_model_of_the_repositories(settings: Settings, tmp_path: Path) -> None:
    spec = install(settings, write_embedder(tmp_path / "net.onnx").read_bytes())

    assert load_embedder("reid_colours", settings, threads=1).spec == spec


def test_a_file_of_a_repository_keeps_its_spec(settings: Settings, tmp_path: Path) -> None:
    spec = install(settings, write_embedder(tmp_path / "net.onnx").read_bytes())
    file = tmp_path / "models" / "reid_colours" / "3" / "model.onnx"
    assert load_embedder(str(file), settings, threads=1).spec == spec

    write_embedder(file, joints=19)
    assert load_embedder(str(file), settings, threads=1).spec.crop == CropRule(size_hw=(16, 8)), "other weights, other spec"


@pytest.mark.parametrize("joints", [0, 19])
def test_a_file_in_the_contract(settings: Settings, tmp_path: Path, joints: int) -> None:
    loaded = load_embedder(str(write_embedder(tmp_path / "My Net.onnx", joints=joints)), settings, threads=1)

    assert loaded.spec.name == "reid_my_net"
    assert loaded.spec.crop == CropRule(size_hw=(16, 8))
    assert loaded.spec.embedding_space.dimension == 6 + 3 * joints
    assert loaded.uses_keypoints == bool(joints)


def test_unknown_names(settings: Settings, tmp_path: Path) -> None:
    install(settings, write_embedder(tmp_path / "net.onnx").read_bytes())
    with pytest.raises(ConfigurationError, match=r"no model 'reid_other' \(there are: reid_colours\).*ONNX file"):
        load_embedder("reid_other", settings, threads=1)
    with pytest.raises(ConfigurationError, match=r"no file .*none\.onnx"):
        load_embedder(str(tmp_path / "none.onnx"), settings, threads=1)


def test_changed_weights_are_refused(settings: Settings, tmp_path: Path) -> None:
    install(settings, write_embedder(tmp_path / "net.onnx").read_bytes())
    write_embedder(tmp_path / "models" / "reid_colours" / "3" / "model.onnx", joints=19)
    with pytest.raises(ModelError, match="was changed"):
        load_embedder("reid_colours", settings, threads=1)


def test_other_kinds_are_refused(settings: Settings, tmp_path: Path) -> None:
    content = write_embedder(tmp_path / "net.onnx").read_bytes()
    shape = TensorSpec(name="xy", dtype="float32", shape=(-1, 14, 2))
    spec = install(settings, content).model_copy(update={"name": "keypoints", "kind": "keypoints", "outputs": (shape,)})
    ModelRepository(settings.model_repositories).add(spec, content)
    with pytest.raises(ConfigurationError, match="kind keypoints"):
        load_embedder("keypoints", settings, threads=1)


def test_files_that_are_no_embedders(settings: Settings, tmp_path: Path) -> None:
    fixed = write_embedder(tmp_path / "fixed.onnx", batch=1)
    with pytest.raises(ModelError, match=r"crop uint8 \(-1, h, w, 3\).*found crop uint8 \(1, 16, 8, 3\)"):
        load_embedder(str(fixed), settings, threads=1)
    unnamed = write_embedder(tmp_path / "unnamed.onnx", output="features")
    with pytest.raises(ModelError, match="embedding float32"):
        load_embedder(str(unnamed), settings, threads=1)
    floats = write_embedder(tmp_path / "floats.onnx", element=TensorProto.FLOAT)
    with pytest.raises(ModelError, match="sightline models add"):
        load_embedder(str(floats), settings, threads=1)
    (tmp_path / "text.onnx").write_text("hello")
    with pytest.raises(ModelError, match=r"text\.onnx"):
        load_embedder(str(tmp_path / "text.onnx"), settings, threads=1)
