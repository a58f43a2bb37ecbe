"""Public checkpoints: what does not fit is named."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch
from torch import nn

from sightline.errors import ConfigurationError
from training.nets.backbones.build import build_backbone
from training.nets.backbones.checkpoints import load_public
from training.nets.backbones.config import AlexNetConfig, ResNetConfig


@pytest.fixture
def net() -> nn.Module:
    return nn.Sequential(nn.Conv2d(3, 4, 1), nn.BatchNorm2d(4))


NAMES = {"conv.": "0.", "bn.": "1."}


def public(net: nn.Module) -> dict[str, torch.Tensor]:
    return {name.replace("0.", "conv.").replace("1.", "bn."): value.clone() for name, value in net.state_dict().items()}


def test_weights_are_taken_under_their_new_names(net: nn.Module, tmp_path: Path) -> None:
    state = public(net) | {"conv.weight": torch.full((4, 3, 1, 1), 7.0), "fc.weight": torch.zeros(5)}
    del state["bn.num_batches_tracked"]
    torch.save({"state_dict": state, "epoch": 3}, tmp_path / "net.pth")
    load_public(net, tmp_path / "net.pth", NAMES, unused=("fc.",))
    assert net.state_dict()["0.weight"].eq(7).all()


def test_what_is_missing_unexpected_or_of_another_shape_is_named(net: nn.Module, tmp_path: Path) -> None:
    before = {name: value.clone() for name, value in net.state_dict().items()}
    state = public(net) | {"conv.weight": torch.zeros(8, 3, 1, 1), "layer9.weight": torch.zeros(1)}
    del state["bn.running_var"]
    torch.save(state, tmp_path / "net.pth")
    with pytest.raises(ConfigurationError) as caught:
        load_public(net, tmp_path / "net.pth", NAMES)
    message = str(caught.value)
    assert "missing: 1.running_var" in message
    assert "unexpected: layer9.weight" in message
    assert "of another shape: 0.weight (8, 3, 1, 1) for (4, 3, 1, 1)" in message
    assert all(torch.equal(value, before[name]) for name, value in net.state_dict().items())


def test_long_lists_are_cut(tmp_path: Path) -> None:
    torch.save({"features.0.weight": torch.zeros(1)}, tmp_path / "net.pth")
    with pytest.raises(ConfigurationError, match=r"missing: .* and \d+ more"):
        build_backbone(ResNetConfig(width=0.125, checkpoint=tmp_path / "net.pth"))


def test_the_checkpoint_of_another_width_is_refused(tmp_path: Path) -> None:
    wide = build_backbone(AlexNetConfig(width=0.25))
    state = {name.replace("stages.conv1.0.", "features.0."): value for name, value in wide.state_dict().items()}
    torch.save(state, tmp_path / "wide.pth")
    with pytest.raises(ConfigurationError, match="same architecture and width"):
        build_backbone(AlexNetConfig(width=0.125, checkpoint=tmp_path / "wide.pth"))


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "there is no checkpoint"), (b"", "can be read safely"), (b"\x89PNG not a checkpoint", "can be read safely")],
)
def test_a_file_that_is_none(net: nn.Module, tmp_path: Path, content: bytes | None, message: str) -> None:
    path = tmp_path / "net.pth"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ConfigurationError, match=message):
        load_public(net, path, NAMES)


def test_a_whole_model_is_not_unpickled(net: nn.Module, tmp_path: Path) -> None:
    torch.save(net, tmp_path / "net.pth")
    with pytest.raises(ConfigurationError, match="can be read safely"):
        load_public(net, tmp_path / "net.pth", NAMES)


def test_tensors_without_names_are_no_state_dict(net: nn.Module, tmp_path: Path) -> None:
    torch.save([torch.zeros(1)], tmp_path / "net.pth")
    with pytest.raises(ConfigurationError, match="holds no state dict"):
        load_public(net, tmp_path / "net.pth", NAMES)
