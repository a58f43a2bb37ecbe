"""The loss of a pose net, recomputed from equations 3 and 4."""

import pytest
import torch
from torch import Tensor

from sightline.skeleton import JOINTS
from training.batch import Targets
from training.losses.maps import MapLoss, Stream
from training.nets.openpose.drawing import draw_maps
from training.nets.openpose.map_spec import MapSpec
from training.nets.system import Outputs

SPEC = MapSpec()
SIZE = (6, 4)


def targets(keypoints: Tensor | None, count: int = 2) -> Targets:
    numbers = torch.zeros(count, dtype=torch.int64)
    return Targets(numbers, numbers, torch.zeros(count, 0, dtype=torch.int64), keypoints)


def keypoints(count: int = 2) -> Tensor:
    return torch.rand(count, len(JOINTS), 3, generator=torch.Generator().manual_seed(1)) + 1e-3


def maps(channels: int, stages: int, seed: int = 2) -> tuple[Tensor, ...]:
    generator = torch.Generator().manual_seed(seed)
    return tuple(torch.randn(2, channels, *SIZE, generator=generator) for _ in range(stages))


def test_confidence_is_a_masked_sum_of_squares_over_all_stages() -> None:
    points = keypoints()
    points[1, JOINTS.index("neck"), 2] = 0
    stages = maps(SPEC.confidence_maps, 3)
    true = draw_maps(points, SPEC, SIZE).confidence
    expected = 0.0
    for stage in stages:
        for person in range(2):
            for channel in range(SPEC.confidence_maps):
                name = (*SPEC.joints, "background")[channel]
                if person == 1 and name in {"neck", "background"}:
                    continue
                expected += float((stage[person, channel] - true[person, channel]).square().sum())
    loss = MapLoss(SPEC, "confidence")(Outputs(maps={"confidence": stages}), targets(points))
    assert float(loss) == pytest.approx(expected / 2, rel=1e-5)


def test_affinity_leaves_out_both_channels_of_each_limb_without_an_end() -> None:
    points = keypoints()
    points[0, JOINTS.index("left_knee"), 2] = 0
    (stage,) = maps(SPEC.affinity_fields, 1)
    true = draw_maps(points, SPEC, SIZE).affinity
    squared = (stage - true).square().sum(dim=(2, 3))
    for index, limb in enumerate(SPEC.drawn_limbs):
        if "left_knee" in limb:
            squared[0, 2 * index : 2 * index + 2] = 0
    loss = MapLoss(SPEC, "affinity")(Outputs(maps={"affinity": (stage,)}), targets(points))
    assert float(loss) == pytest.approx(float(squared.sum()) / 2, rel=1e-5)


@pytest.mark.parametrize("stream", ["confidence", "affinity"])
def test_the_truth_costs_nothing_and_nobody_annotated_costs_nothing(stream: Stream) -> None:
    points = keypoints()
    true = draw_maps(points, SPEC, SIZE)
    perfect = true.confidence if stream == "confidence" else true.affinity
    loss = MapLoss(SPEC, stream)
    assert float(loss(Outputs(maps={stream: (perfect,)}), targets(points))) == 0
    unknown = points * torch.tensor([1.0, 1, 0])
    predicted = torch.randn_like(perfect).requires_grad_()
    nothing = loss(Outputs(maps={stream: (predicted,)}), targets(unknown))
    nothing.backward()
    assert float(nothing.detach()) == 0
    assert predicted.grad is not None
    assert not predicted.grad.any()


def test_what_is_lacking_is_said() -> None:
    loss = MapLoss(SPEC, "confidence")
    with pytest.raises(ValueError, match="key points among the targets"):
        loss(Outputs(maps={"confidence": maps(SPEC.confidence_maps, 1)}), targets(None))
    with pytest.raises(ValueError, match="maps named 'confidence'"):
        loss(Outputs(), targets(keypoints()))
