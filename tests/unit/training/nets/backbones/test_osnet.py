"""OSNet against the yardstick that torchreid exported, and the names of its public checkpoints."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import numpy as np
import onnx
import onnxruntime
import pytest
import torch
from onnx import numpy_helper
from torch import Tensor, nn

from training.nets.backbones.backbone import Backbone
from training.nets.backbones.build import build_backbone
from training.nets.backbones.config import OSNetConfig
from training.nets.backbones.osnet import osnet, public_names

PUBLIC = {
    "conv1.conv.weight": "stages.conv1.conv.weight",
    "conv1.bn.running_mean": "stages.conv1.bn.running_mean",
    "conv2.0.conv2a.conv1.weight": "stages.conv2a.conv2a.conv1.weight",
    "conv2.1.conv2d.3.bn.bias": "stages.conv2b.conv2d.3.bn.bias",
    "conv2.0.gate.fc1.bias": "stages.conv2a.gate.fc1.bias",
    "conv2.0.downsample.conv.weight": "stages.conv2a.downsample.conv.weight",
    "conv2.2.0.conv.weight": "stages.pool2.0.conv.weight",
    "conv3.2.0.bn.weight": "stages.pool3.0.bn.weight",
    "conv4.1.conv3.bn.weight": "stages.conv4b.conv3.bn.weight",
    "conv5.conv.weight": "stages.conv5.conv.weight",
}
"""Names as torchreid's OSNet has them -> ours."""


def in_their_names(backbone: Backbone) -> dict[str, Tensor]:
    back = {ours: theirs for theirs, ours in public_names().items()}
    state = {}
    for name, value in backbone.state_dict().items():
        prefix = next(ours for ours in back if name.startswith(ours))
        state[back[prefix] + name.removeprefix(prefix)] = value
    return state


def test_a_public_checkpoint_fits(tmp_path: Path) -> None:
    torch.manual_seed(0)
    theirs = osnet(OSNetConfig(width=0.25))
    state = in_their_names(theirs)
    own = theirs.state_dict()
    assert all(torch.equal(state[public], own[ours]) for public, ours in PUBLIC.items())
    head = {"fc.0.weight": torch.zeros(512, 128), "fc.1.running_var": torch.ones(512), "classifier.weight": torch.zeros(9, 512)}
    torch.save({f"module.{name}": value for name, value in (state | head).items()}, tmp_path / "osnet.pth")
    loaded = build_backbone(OSNetConfig(width=0.25, checkpoint=tmp_path / "osnet.pth"))
    assert all(torch.equal(value, own[name]) for name, value in loaded.state_dict().items())


@pytest.mark.parametrize(("width", "channels"), [(0.25, 128), (0.5, 256), (0.75, 384), (1.0, 512)])
def test_the_widths_of_the_public_checkpoints(width: float, channels: int) -> None:
    backbone = osnet(OSNetConfig(width=width))
    assert backbone.channels[backbone.last] == channels


def fused_layers(graph: onnx.GraphProto) -> Iterator[tuple[Tensor, Tensor]]:
    """Convolutions with the normalisation folded in, in the order of the graph."""
    given = {initializer.name: numpy_helper.to_array(initializer) for initializer in graph.initializer}
    for node in graph.node:
        if node.op_type == "Conv" and node.input[1].startswith("onnx::"):
            yield torch.tensor(given[node.input[1]]), torch.tensor(given[node.input[2]])


def take_fused_weights(backbone: Backbone, model: onnx.ModelProto) -> None:
    """Weights of the exported net: what kept its name by name, what was folded by its place."""
    given = {initializer.name: numpy_helper.to_array(initializer) for initializer in model.graph.initializer}
    own = backbone.state_dict()
    for theirs, ours in public_names().items():
        for name, value in given.items():
            if name.startswith(theirs):
                own[ours + name.removeprefix(theirs)].copy_(torch.tensor(value))
    layers = fused_layers(model.graph)
    for module, norm in pairwise(backbone.modules()):
        if not isinstance(norm, nn.BatchNorm2d):
            continue
        assert isinstance(module, nn.Conv2d)
        weight, bias = next(layers)
        module.weight.data.copy_(weight)
        norm.bias.data.copy_(bias)
        norm.eps = 0.0
    assert next(layers, None) is None


@pytest.mark.shared
def test_it_computes_what_torchreids_net_computes(shared_dir: Path) -> None:
    path = shared_dir / "weights" / "osnet_x0_25_msmt17.onnx"
    model = onnx.load(path)
    backbone = osnet(OSNetConfig(width=0.25)).eval()
    take_fused_weights(backbone, model)
    given = {initializer.name: torch.tensor(numpy_helper.to_array(initializer)) for initializer in model.graph.initializer}
    pictures = torch.randn(2, 3, 256, 128, generator=torch.Generator().manual_seed(0))
    session = onnxruntime.InferenceSession(path)
    (expected,) = session.run(None, {session.get_inputs()[0].name: pictures.numpy()})
    with torch.no_grad():
        pooled = backbone(pictures)["conv5"].mean(dim=(2, 3))
        linear = pooled @ given["fc.0.weight"].T + given["fc.0.bias"]
        normed = torch.nn.functional.batch_norm(
            linear, given["fc.1.running_mean"], given["fc.1.running_var"], given["fc.1.weight"], given["fc.1.bias"]
        )
    np.testing.assert_allclose(torch.relu(normed).numpy(), expected, atol=1e-3)
