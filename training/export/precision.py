"""The same net in coarser arithmetic: half precision for GPUs, 8-bit integers for CPUs."""

from __future__ import annotations

import tempfile
from collections.abc import Iterable, Iterator
from pathlib import Path

import onnx
from onnx import ModelProto, NodeProto, TensorProto
from onnxruntime.quantization import CalibrationDataReader, QuantFormat, QuantType, quantize_static
from onnxruntime.quantization.shape_inference import quant_pre_process
from onnxruntime.transformers.float16 import convert_float_to_float16

from training.export.onnx_file import CROP, KEYPOINTS
from training.export.session_inputs import Arrays


def to_fp16(content: bytes) -> bytes:
    """Weights and arithmetic in half precision; inputs and outputs stay as they are.

    What is computed of the key points alone stays in single precision: half a pixel decides which cells a window holds.
    """
    model = onnx.load_from_string(content)
    converted = convert_float_to_float16(model, keep_io_types=True, node_block_list=_of_keypoints_alone(model))
    _drop_repeated(converted)
    _cancel_round_trips(converted)
    return bytes(converted.SerializeToString())


def to_int8(content: bytes, calibration: Iterable[Arrays]) -> bytes:
    """Convolutions in 8 bits: weights by output channel, activations by the range that the calibration's crops had.

    Args:
        content: of the fp32 net.
        calibration: inputs of the net, batch by batch.
    """
    with tempfile.TemporaryDirectory(prefix="sl-export-") as folder:
        plain, prepared, quantised = (Path(folder) / name for name in ("plain.onnx", "prepared.onnx", "quantised.onnx"))
        plain.write_bytes(content)
        quant_pre_process(plain, prepared, skip_symbolic_shape=True)
        quantize_static(
            prepared,
            quantised,
            _Reader(calibration),
            quant_format=QuantFormat.QDQ,
            op_types_to_quantize=["Conv"],  # the linear layers are small, and cost most of the accuracy
            per_channel=True,
            activation_type=QuantType.QUInt8,
            weight_type=QuantType.QInt8,
        )
        return quantised.read_bytes()


class _Reader(CalibrationDataReader):  # type: ignore[misc]  # it has no types
    """Batches, as ONNX Runtime's calibration asks for them."""

    def __init__(self, batches: Iterable[Arrays]) -> None:
        self._batches: Iterator[Arrays] = iter(batches)

    def get_next(self) -> Arrays | None:
        return next(self._batches, None)


def _drop_repeated(model: ModelProto) -> None:
    """The converter writes a cast once for each node that reads it, all of one name and one result: keep the first."""
    kept, results = [], set()
    for node in model.graph.node:
        if node.output[0] not in results:
            kept.append(node)
            results.add(node.output[0])
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _cancel_round_trips(model: ModelProto) -> None:
    """Between two nodes in single precision the converter goes to half precision and back, which rounds: go straight."""
    to_half = {node.output[0]: node.input[0] for node in model.graph.node if _casts_to(node, TensorProto.FLOAT16)}
    straight = {
        node.output[0]: to_half[node.input[0]]
        for node in model.graph.node
        if _casts_to(node, TensorProto.FLOAT) and node.input[0] in to_half
    }
    for node in model.graph.node:
        for index, name in enumerate(node.input):
            node.input[index] = straight.get(name, name)


def _casts_to(node: NodeProto, kind: int) -> bool:
    return node.op_type == "Cast" and any(each.name == "to" and each.i == kind for each in node.attribute)


def _of_keypoints_alone(model: ModelProto) -> list[str]:
    """Names of the nodes whose result depends on the key points and not on the picture. Nodes stand in order."""
    of_keypoints, of_picture = {KEYPOINTS}, {CROP}
    alone = []
    for node in model.graph.node:
        if of_picture & set(node.input):
            of_picture.update(node.output)
        elif of_keypoints & set(node.input):
            of_keypoints.update(node.output)
            alone.append(node.name)
    return alone
