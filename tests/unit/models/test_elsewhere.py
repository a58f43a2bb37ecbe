"""Repositories for other Tritons: what is written is a configuration that Triton's own schema takes."""

from __future__ import annotations

import pytest
from google.protobuf import text_format
from support.specs import ONNX, make_spec
from tritonclient.grpc.model_config_pb2 import ModelConfig, ModelInstanceGroup

from sightline.errors import ConfigurationError, ModelError
from sightline.models.elsewhere import write_for
from sightline.models.repository import InstalledModel, ModelRepository
from sightline.models.triton_config import Batching, Placement, render_config, trtexec

PLACEMENTS = [
    Placement(),
    Placement("onnxruntime", threads=3),
    Placement("onnxruntime", gpus=(0, 2), instances=2),
    Placement("onnxruntime", gpus=(0,), accelerate=True),
    Placement("tensorrt", gpus=(1,)),
]


def parsed(text: str) -> ModelConfig:
    return text_format.Parse(text, ModelConfig())


@pytest.fixture
def model(tmp_path) -> InstalledModel:
    return ModelRepository([tmp_path / "own"]).add(make_spec(), ONNX)


@pytest.mark.parametrize("placement", PLACEMENTS, ids=str)
@pytest.mark.parametrize("kind", ["detector", "embedder"])
def test_tritons_schema_takes_every_configuration(placement, kind):
    spec = make_spec("net", kind)
    config = parsed(render_config(spec, Batching(), placement))
    assert (config.name, config.backend, config.max_batch_size) == ("net", placement.backend, 32)
    assert [(each.name, list(each.dims)) for each in config.input] == [(each.name, [*each.shape[1:]]) for each in spec.inputs]
    assert [each.name for each in config.output] == [each.name for each in spec.outputs]
    group = config.instance_group[0]
    assert group.count == placement.instances
    assert list(group.gpus) == list(placement.gpus)
    assert group.kind == (ModelInstanceGroup.KIND_GPU if placement.gpus else ModelInstanceGroup.KIND_CPU)


def test_onnx_runtime_is_told_of_its_threads_on_a_cpu_and_of_tensorrt_on_a_gpu():
    on_cpu = parsed(render_config(make_spec(), Batching(), PLACEMENTS[1]))
    assert on_cpu.parameters["intra_op_thread_count"].string_value == "3"
    accelerated = parsed(render_config(make_spec(), Batching(), PLACEMENTS[3]))
    (accelerator,) = accelerated.optimization.execution_accelerators.gpu_execution_accelerator
    assert (accelerator.name, accelerator.parameters["precision_mode"]) == ("tensorrt", "FP16")


@pytest.mark.parametrize(
    "placement", [Placement("tensorrt"), Placement("onnxruntime", accelerate=True), Placement(gpus=(0,), accelerate=True)]
)
def test_a_placement_that_cannot_be_is_refused(placement):
    with pytest.raises(ConfigurationError, match="GPUs"):
        render_config(make_spec(), Batching(), placement)


def test_the_engine_is_made_for_the_batches_that_come():
    assert trtexec(make_spec(), Batching(max_batch_size=16)) == (
        "trtexec --onnx=model.onnx --saveEngine=model.plan --fp16 "
        "--minShapes=crop:1x16x8x3 --optShapes=crop:16x16x8x3 --maxShapes=crop:16x16x8x3"
    )


@pytest.mark.parametrize(("backend", "own"), [("python", True), ("onnxruntime", False)])
def test_the_folder_is_a_repository_for_sightline_too(model, tmp_path, backend, own):
    write_for([model], tmp_path / "there", Placement(backend))
    found = ModelRepository([tmp_path / "there"]).find("reid_a")
    found.verify()
    assert found.spec == model.spec
    assert found.backend.is_file() is own
    assert parsed((found.folder / "config.pbtxt").read_text()).backend == backend


def test_nothing_is_written_over_and_nothing_broken_is_passed_on(model, tmp_path):
    with pytest.raises(ConfigurationError, match="is not empty"):
        write_for([model], tmp_path / "own", Placement())
    model.onnx.write_bytes(b"other")
    with pytest.raises(ModelError, match="was changed"):
        write_for([model], tmp_path / "there", Placement())
    assert not (tmp_path / "there").exists()


def test_a_place_that_cannot_be_written_is_named(model, tmp_path):
    (tmp_path / "file").touch()
    with pytest.raises(ConfigurationError, match="cannot be written"):
        write_for([model], tmp_path / "file" / "there", Placement())
