from __future__ import annotations

import os

import pytest
from support.specs import ONNX, make_spec

from sightline.errors import ConfigurationError, ModelError, NotFoundError
from sightline.models.repository import ModelRepository
from sightline.models.triton_config import Batching, render_config
from sightline.spec import ModelSpec


def names(repository: ModelRepository) -> list[str]:
    return [model.spec.name for model in repository.models()]


def test_the_layout_is_tritons(tmp_path):
    model = ModelRepository([tmp_path]).add(make_spec(version=3), ONNX)
    files = sorted(str(path.relative_to(tmp_path)) for path in tmp_path.rglob("*") if path.is_file())
    assert files == ["reid_a/3/model.onnx", "reid_a/3/model.py", "reid_a/config.pbtxt", "reid_a/spec.json"]
    assert model.onnx.read_bytes() == ONNX
    assert "class TritonPythonModel" in (tmp_path / "reid_a/3/model.py").read_text()
    model.verify()


def test_folders_that_do_not_exist_hold_nothing(tmp_path):
    assert ModelRepository([tmp_path / "a", tmp_path / "b"]).models() == []


def test_the_later_folder_wins(tmp_path):
    first, second = tmp_path / "first", tmp_path / "second"
    ModelRepository([first]).add(make_spec(source="first"), ONNX)
    ModelRepository([first]).add(make_spec("reid_b"), ONNX)
    ModelRepository([second]).add(make_spec(source="second"), ONNX)
    repository = ModelRepository([first, second])
    assert names(repository) == ["reid_a", "reid_b"]
    assert repository.find("reid_a").spec.source == "second"
    repository.remove("reid_a")
    assert repository.find("reid_a").spec.source == "first"


def test_what_an_earlier_folder_holds_is_not_ours_to_remove(tmp_path):
    ModelRepository([tmp_path / "first"]).add(make_spec(), ONNX)
    repository = ModelRepository([tmp_path / "first", tmp_path / "second"])
    with pytest.raises(ConfigurationError, match="only read from"):
        repository.remove("reid_a")
    assert names(repository) == ["reid_a"]


def test_replacing_leaves_only_the_new_version(tmp_path):
    repository = ModelRepository([tmp_path])
    repository.add(make_spec(), ONNX)
    repository.add(make_spec(version=2), b"new")
    assert sorted(path.name for path in (tmp_path / "reid_a").iterdir()) == ["2", "config.pbtxt", "spec.json"]
    assert sorted(path.name for path in tmp_path.iterdir()) == ["reid_a"]


def add_and_end(repository: ModelRepository, spec: ModelSpec | None, end: BaseException) -> None:
    """On trial: add a model, or none, and fail."""
    with repository.on_trial("reid_a"):
        if spec is not None:
            repository.add(spec, ONNX)
        raise end


def test_on_trial_what_ends_well_stays(tmp_path):
    repository = ModelRepository([tmp_path])
    repository.add(make_spec(), ONNX)
    with repository.on_trial("reid_a"):
        repository.add(make_spec(version=2), ONNX)
    assert repository.find("reid_a").spec.version == 2
    assert [path.name for path in tmp_path.iterdir()] == ["reid_a"]


@pytest.mark.parametrize("end", [ModelError("refused"), KeyboardInterrupt()])
def test_on_trial_what_is_refused_gives_its_place_back(tmp_path, end):
    repository = ModelRepository([tmp_path])
    before = repository.add(make_spec(), ONNX, batching=Batching(max_batch_size=7))
    config = (before.folder / "config.pbtxt").read_text()
    with pytest.raises(type(end)):
        add_and_end(repository, make_spec(version=2), end)
    found = repository.find("reid_a")
    assert found.spec == before.spec
    assert (found.folder / "config.pbtxt").read_text() == config
    assert [path.name for path in found.folder.iterdir() if path.is_dir()] == ["1"]
    assert [path.name for path in tmp_path.iterdir()] == ["reid_a"]


def test_on_trial_a_new_name_that_is_refused_is_gone(tmp_path):
    repository = ModelRepository([tmp_path])
    for added in (True, False):
        with pytest.raises(ModelError):
            add_and_end(repository, make_spec() if added else None, ModelError("refused"))
        assert list(tmp_path.iterdir()) == []


def test_dying_between_the_renames_loses_nothing(tmp_path, monkeypatch):
    repository = ModelRepository([tmp_path])
    repository.add(make_spec(), ONNX)
    rename = type(tmp_path).rename

    def die_on_the_second(path, target):
        if path.name.startswith(".incoming"):
            raise KeyboardInterrupt
        return rename(path, target)

    monkeypatch.setattr(type(tmp_path), "rename", die_on_the_second)
    with pytest.raises(KeyboardInterrupt):
        repository.add(make_spec(version=2), b"new")
    monkeypatch.undo()
    assert repository.find("reid_a").spec.version == 1
    assert repository.find("reid_a").onnx.read_bytes() == ONNX


def test_a_replacement_that_is_under_way_is_left_alone(tmp_path):
    repository = ModelRepository([tmp_path])
    repository.add(make_spec(), ONNX)
    (tmp_path / "reid_a").rename(tmp_path / ".outgoing-reid_a")
    incoming = tmp_path / f".incoming-reid_a-{os.getpid()}"
    incoming.mkdir()
    assert names(repository) == []
    incoming.rmdir()  # its process gave up, or died
    assert names(repository) == ["reid_a"]


def test_half_written_folders_are_no_models(tmp_path):
    half = tmp_path / f".incoming-reid_x-{os.getpid()}"
    half.mkdir()
    make_spec("reid_x").write(half)
    (tmp_path / "empty").mkdir()
    assert ModelRepository([tmp_path]).models() == []


def test_weights_that_were_changed_are_noticed(tmp_path):
    model = ModelRepository([tmp_path]).add(make_spec(), ONNX)
    model.onnx.write_bytes(b"other")
    with pytest.raises(ModelError, match="was changed"):
        model.verify()
    model.onnx.unlink()
    with pytest.raises(ModelError, match="is missing"):
        model.verify()


def test_a_broken_spec_is_named(tmp_path):
    ModelRepository([tmp_path]).add(make_spec(), ONNX)
    (tmp_path / "reid_a/spec.json").write_text('{"name": 3}')
    with pytest.raises(ModelError, match=r"reid_a/spec\.json"):
        ModelRepository([tmp_path]).models()


class TestResolve:
    def test_the_only_one_of_its_kind(self, tmp_path):
        repository = ModelRepository([tmp_path])
        repository.add(make_spec(), ONNX)
        repository.add(make_spec("person_detector", "detector"), ONNX)
        assert repository.resolve("embedder").spec.name == "reid_a"
        assert repository.resolve("detector").spec.name == "person_detector"

    def test_none(self, tmp_path):
        repository = ModelRepository([tmp_path])
        assert repository.optional("keypoints") is None
        with pytest.raises(ConfigurationError, match="sightline models add"):
            repository.resolve("detector")

    def test_several(self, tmp_path):
        repository = ModelRepository([tmp_path])
        repository.add(make_spec(), ONNX)
        repository.add(make_spec("reid_b"), ONNX)
        assert repository.resolve("embedder", "reid_b").spec.name == "reid_b"
        with pytest.raises(ConfigurationError, match=r"reid_a, reid_b\): name one in pipeline\.embedder\.model"):
            repository.resolve("embedder")

    def test_ones_own_of_a_kind_go_before_those_of_an_earlier_folder(self, tmp_path):
        shipped, own = tmp_path / "shipped", tmp_path / "own"
        ModelRepository([shipped]).add(make_spec(), ONNX)
        ModelRepository([shipped]).add(make_spec("reid_c"), ONNX)
        ModelRepository([shipped]).add(make_spec("person_detector", "detector"), ONNX)
        repository = ModelRepository([shipped, own])
        with pytest.raises(ConfigurationError, match=r"reid_a, reid_c\)"):
            repository.resolve("embedder")
        repository.add(make_spec("reid_b"), ONNX)
        assert repository.resolve("embedder").spec.name == "reid_b"
        assert repository.resolve("embedder", "reid_a").spec.name == "reid_a", "by name it can still be had"
        assert repository.resolve("detector").spec.name == "person_detector"

    def test_a_name_that_is_not_there(self, tmp_path):
        with pytest.raises(ConfigurationError, match=r"pipeline\.pose\.model = 'kp'"):
            ModelRepository([tmp_path]).resolve("keypoints", "kp")

    def test_a_name_of_another_kind(self, tmp_path):
        repository = ModelRepository([tmp_path])
        repository.add(make_spec(), ONNX)
        with pytest.raises(ConfigurationError, match="of kind detector, it is of kind embedder"):
            repository.resolve("detector", "reid_a")

    def test_removing_what_is_not_there(self, tmp_path):
        with pytest.raises(NotFoundError, match="'x'"):
            ModelRepository([tmp_path]).remove("x")


def test_config_says_what_the_spec_says():
    text = render_config(make_spec("person_detector", "detector"), Batching(max_batch_size=8))
    assert 'name: "person_detector"' in text
    assert "max_batch_size: 8" in text
    assert '{ name: "image" data_type: TYPE_UINT8 dims: [ 64, 48, 3 ] }' in text
    assert '{ name: "boxes" data_type: TYPE_FP32 dims: [ 100, 4 ] }' in text
    assert "preferred_batch_size: [ 4, 8 ] max_queue_delay_microseconds: 100" in text


def test_a_batch_of_one_is_never_gathered():
    assert "dynamic_batching" not in render_config(make_spec(), Batching(max_batch_size=1))
