"""One suite for all servers of models: the fake, ONNX Runtime in this process, and Triton (with and without shared memory)."""

from __future__ import annotations

import asyncio
from pathlib import Path

import numpy as np
import onnx
import pytest
from onnx import TensorProto, helper

from sightline.adapters.triton import TritonAdmin, TritonInference
from sightline.errors import ModelError, ServiceUnavailable
from sightline.models.local_inference import LocalInference
from sightline.models.repository import ModelRepository
from sightline.models.triton_config import Batching
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.testing import FakeInference, FakeModel

MAX_BATCH_SIZE = 8
SIZE = (64, 32)  # a crop is 6 KiB: batches of both sides of the inline limit are tried
KINDS = [
    "fake",
    "local",
    pytest.param("triton, shared memory", marks=pytest.mark.stack),
    pytest.param("triton, messages", marks=pytest.mark.stack),
]


def write_net(path: Path) -> None:
    """The sum of a crop's pixels, as an embedding of one dimension."""
    nodes = [
        helper.make_node("Cast", ["crop"], ["pixels"], to=TensorProto.FLOAT),
        helper.make_node("ReduceSum", ["pixels", "axes"], ["embedding_4"], keepdims=1),
        helper.make_node("Reshape", ["embedding_4", "shape"], ["embedding"]),
    ]
    constants = [
        helper.make_tensor("axes", TensorProto.INT64, [3], [1, 2, 3]),
        helper.make_tensor("shape", TensorProto.INT64, [2], [0, 1]),
    ]
    graph = helper.make_graph(
        nodes,
        "sum",
        [helper.make_tensor_value_info("crop", TensorProto.UINT8, ["N", *SIZE, 3])],
        [helper.make_tensor_value_info("embedding", TensorProto.FLOAT, ["N", 1])],
        constants,
    )
    model = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 13)])
    model.ir_version = 8
    onnx.save(model, str(path))


def make_spec(name: str) -> ModelSpec:
    return ModelSpec(
        name=name,
        kind="embedder",
        inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, *SIZE, 3)),),
        outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, 1)),),
        crop=CropRule(size_hw=SIZE),
        sha256="0" * 64,
    )


def total(crops: np.ndarray) -> np.ndarray:
    return crops.reshape(len(crops), -1).sum(axis=1, dtype=np.float64)[:, None].astype(np.float32)


@pytest.fixture(params=KINDS)
def kind(request) -> str:
    return request.param


@pytest.fixture
def model(unique_prefix) -> str:
    return f"sum_{unique_prefix.strip('-')}"


@pytest.fixture
async def inference(kind, model, request, tmp_path):
    spec = make_spec(model)
    if kind == "fake":
        yield FakeInference(FakeModel(spec, lambda inputs: {"embedding": total(inputs["crop"])}, MAX_BATCH_SIZE))
        return
    write_net(tmp_path / "sum.onnx")
    content = (tmp_path / "sum.onnx").read_bytes()
    batching = Batching(max_batch_size=MAX_BATCH_SIZE)
    if kind == "local":
        yield LocalInference.load([ModelRepository([tmp_path]).add(spec, content, batching=batching)])
        return
    settings = request.getfixturevalue("triton_settings")
    repository = ModelRepository(settings.model_repositories)
    repository.add(spec, content, batching=batching)
    async with TritonAdmin(settings.triton) as admin:
        await admin.load(model)
        shared_memory = "on" if "shared" in kind else "off"
        triton = TritonInference(settings.triton.model_copy(update={"shared_memory": shared_memory}))
        await triton.open()
        yield triton
        await triton.close()
        await admin.unload(model)
    repository.remove(model)


def crops(count: int, seed: int = 0) -> np.ndarray:
    return np.random.default_rng(seed).integers(0, 256, (count, *SIZE, 3), np.uint8)


@pytest.mark.parametrize("count", [1, 2, MAX_BATCH_SIZE])
async def test_a_batch_is_answered_row_by_row(inference, model, count):
    batch = crops(count)
    outputs = await inference.infer(model, {"crop": batch})
    assert set(outputs) == {"embedding"}
    assert outputs["embedding"].dtype == np.float32
    np.testing.assert_allclose(outputs["embedding"], total(batch), rtol=1e-5)


async def test_concurrent_calls_get_their_own_answers(inference, model):
    batches = [crops(1 + seed % MAX_BATCH_SIZE, seed) for seed in range(30)]
    answers = await asyncio.gather(*(inference.infer(model, {"crop": batch}) for batch in batches))
    for batch, answer in zip(batches, answers, strict=True):
        np.testing.assert_allclose(answer["embedding"], total(batch), rtol=1e-5)


async def test_arrays_need_not_be_contiguous(inference, model):
    batch = crops(4)[::2, :, ::-1]
    outputs = await inference.infer(model, {"crop": batch})
    np.testing.assert_allclose(outputs["embedding"], total(batch), rtol=1e-5)


async def test_a_repeated_call_gives_the_same(inference, model):
    first, second = [await inference.infer(model, {"crop": crops(3)}) for _ in range(2)]
    np.testing.assert_array_equal(first["embedding"], second["embedding"])


async def test_an_unknown_model_may_come(inference):
    with pytest.raises(ServiceUnavailable, match="no_such_model"):
        await inference.infer("no_such_model", {"crop": crops(1)})


@pytest.mark.parametrize(
    "inputs",
    [
        {"crop": np.zeros((1, 8, 8, 3), np.uint8)},
        {"crop": np.zeros((1, *SIZE, 3), np.float32)},
        {"image": np.zeros((1, *SIZE, 3), np.uint8)},
        {"crop": np.zeros((1, *SIZE, 3), np.uint8), "more": np.zeros((1, 1), np.uint8)},
        {"crop": np.zeros(SIZE, np.uint8)},
    ],
    ids=["size", "type", "name", "too many", "rank"],
)
async def test_wrong_tensors_are_refused(inference, model, inputs):
    with pytest.raises(ModelError):
        await inference.infer(model, inputs)
    outputs = await inference.infer(model, {"crop": crops(1)})  # and nothing is left broken
    np.testing.assert_allclose(outputs["embedding"], total(crops(1)), rtol=1e-5)


async def test_a_cancelled_call_leaves_nothing_broken(inference, model):
    call = asyncio.create_task(inference.infer(model, {"crop": crops(MAX_BATCH_SIZE)}))
    await asyncio.sleep(0)
    call.cancel()
    await asyncio.wait([call])
    outputs = await inference.infer(model, {"crop": crops(2, seed=9)})
    np.testing.assert_allclose(outputs["embedding"], total(crops(2, seed=9)), rtol=1e-5)
