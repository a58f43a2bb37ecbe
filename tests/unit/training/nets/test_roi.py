"""RoI max pooling by torchvision's definition, in both of its forms."""

from __future__ import annotations

import io

import numpy as np
import onnxruntime
import pytest
import torch
from torch import Tensor, nn
from torchvision.ops import roi_pool

from training.nets.roi import Windows, gathered_maximum, part_windows, roi_max_pool


def torchvision_roi_pool(features: Tensor, xyxy_cells: Tensor, size_hw: tuple[int, int]) -> Tensor:
    """(N, C, H, W) and windows (N, P, 4) in cells -> (N, P, C, h, w)."""
    pooled = roi_pool(features, list(xyxy_cells), size_hw, 1.0)
    return pooled.reshape(len(features), -1, *pooled.shape[1:])


def in_picture(xyxy_cells: Tensor, height: int, width: int) -> Windows:
    xyxy = xyxy_cells / torch.tensor((width, height, width, height), dtype=torch.float32)
    return Windows(xyxy, torch.ones(xyxy.shape[:2], dtype=torch.bool))


def random_windows(count: int, parts: int, height: int, width: int, generator: torch.Generator) -> Tensor:
    """Of every kind: inside, over an edge, wholly outside, empty, turned over, and with corners between two cells."""
    corners = torch.rand(count, parts, 4, generator=generator) * 2.0 - 0.5
    cells = corners * torch.tensor((width, height, width, height), dtype=torch.float32)
    ordered = torch.cat([torch.minimum(cells[..., :2], cells[..., 2:]), torch.maximum(cells[..., :2], cells[..., 2:])], dim=-1)
    return torch.where(torch.rand(count, parts, 1, generator=generator) < 0.9, ordered, cells)


def test_a_window_counts_the_cells_of_both_its_corners() -> None:
    features = torch.arange(16, dtype=torch.float32).reshape(1, 1, 4, 4)
    windows = Windows(torch.tensor([[[0.25, 0.25, 0.5, 0.5]]]), torch.ones(1, 1, dtype=torch.bool))
    # Cells 1 to 2 of each side.
    assert roi_max_pool(features, windows, (1, 1)).item() == 10
    assert roi_max_pool(features, windows, (2, 2)).flatten().tolist() == [5, 6, 9, 10]


def test_bins_overlap_by_a_cell_where_the_window_does_not_divide() -> None:
    features = torch.arange(3, dtype=torch.float32).neg().reshape(1, 1, 1, 3)
    windows = in_picture(torch.tensor([[[0.0, 0.0, 2.0, 0.0]]]), 1, 3)
    # Three cells in two bins: 0 … 1.5 and 1.5 … 3, rounded outwards.
    assert roi_max_pool(features, windows, (1, 2)).flatten().tolist() == [0, -1]


def test_bins_outside_the_map_and_invisible_windows_are_zero() -> None:
    features = torch.full((1, 2, 4, 4), -5.0)
    xyxy = torch.tensor([[[0.5, 0.0, 1.5, 1.0], [2.0, 2.0, 3.0, 3.0], [0.0, 0.0, 1.0, 1.0]]])
    windows = Windows(xyxy, torch.tensor([[True, True, False]]))
    pooled = roi_max_pool(features, windows, (1, 2))
    assert pooled[0, 0, 0].flatten().tolist() == [-5, 0]
    assert not pooled[0, 1:].any()


@pytest.mark.parametrize("size_hw", [(1, 1), (3, 3), (5, 5), (2, 7)])
@pytest.mark.parametrize("side_hw", [(18, 7), (13, 13), (1, 1), (53, 25)])
def test_both_forms_equal_torchvision(size_hw: tuple[int, int], side_hw: tuple[int, int]) -> None:
    generator = torch.Generator().manual_seed(side_hw[0])
    features = torch.randn(3, 4, *side_hw, generator=generator)
    cells = random_windows(3, 20, *side_hw, generator)
    windows = in_picture(cells, *side_hw)
    exactly = windows.xyxy * torch.tensor((side_hw[1], side_hw[0]) * 2, dtype=torch.float32)
    expected = torchvision_roi_pool(features, exactly, size_hw)
    # Windows here are up to twice as large as the picture.
    assert torch.equal(gathered_maximum(features, windows, size_hw, largest_wh=(2.0, 2.0)), expected)
    learning = roi_max_pool(features.clone().requires_grad_(), windows, size_hw)
    assert learning.requires_grad
    assert torch.equal(learning, expected)


def test_corners_between_two_cells_round_away_from_zero() -> None:
    features = torch.randn(1, 3, 8, 8, generator=torch.Generator().manual_seed(0))
    cells = torch.tensor([[[0.5, 1.5, 2.5, 4.5], [-0.5, -1.5, 1.5, 2.5], [2.5, 2.5, 2.5, 2.5]]])
    assert torch.equal(
        gathered_maximum(features, in_picture(cells, 8, 8), (2, 2)), torchvision_roi_pool(features, cells, (2, 2))
    )


def test_gradients_of_both_forms_go_to_the_largest_cell_as_torchvision_says() -> None:
    generator = torch.Generator().manual_seed(3)
    # No two cells are alike, so the largest of a bin is one.
    values = torch.randperm(2 * 3 * 9 * 7, generator=generator).float().reshape(2, 3, 9, 7)
    cells = random_windows(2, 6, 9, 7, generator).round()
    weights = torch.randn(2, 6, 3, 2, 3, generator=generator)

    def gradient(pool: object) -> Tensor:
        features = values.clone().requires_grad_()
        assert callable(pool)
        (pool(features) * weights).sum().backward()
        assert features.grad is not None
        return features.grad

    windows = in_picture(cells, 9, 7)
    expected = gradient(lambda features: torchvision_roi_pool(features, cells, (2, 3)))
    assert expected.any()
    assert torch.allclose(gradient(lambda features: roi_max_pool(features, windows, (2, 3))), expected)
    assert torch.allclose(
        gradient(lambda features: gathered_maximum(features, windows, (2, 3), largest_wh=(2.0, 2.0))), expected
    )


def test_no_gradient_of_an_invisible_part() -> None:
    features = torch.randn(1, 2, 6, 6, generator=torch.Generator().manual_seed(0)).requires_grad_()
    keypoints = torch.tensor([[[0.5, 0.5, 0.0]]])
    roi_max_pool(features, part_windows(keypoints, [0], (0.5, 0.5)), (1, 1)).sum().backward()
    assert features.grad is not None
    assert not features.grad.any()


def test_part_windows_surround_the_named_joints_in_order() -> None:
    keypoints = torch.tensor([[[0.1, 0.2, 0.9], [0.5, 0.5, 0.0], [0.4, 0.6, 0.3]]])
    windows = part_windows(keypoints, [2, 1], (0.2, 0.1))
    assert torch.allclose(windows.xyxy[0, 0], torch.tensor([0.3, 0.55, 0.5, 0.65]))
    assert windows.visible.tolist() == [[True, False]]


@pytest.mark.parametrize("largest_wh", [(24 / 56, 16 / 144), (16 / 56, 24 / 144)])
def test_the_bound_of_part_windows_leaves_no_cell_out(largest_wh: tuple[float, float]) -> None:
    generator = torch.Generator().manual_seed(5)
    features = torch.randn(2, 2, 72, 28, generator=generator)
    keypoints = torch.rand(2, 200, 3, generator=generator)
    windows = part_windows(keypoints, range(200), largest_wh)
    for size_hw in ((1, 1), (3, 3), (5, 5)):
        bounded = gathered_maximum(features, windows, size_hw, largest_wh=largest_wh)
        assert torch.equal(bounded, gathered_maximum(features, windows, size_hw))


def test_an_empty_batch_keeps_its_rank() -> None:
    windows = Windows(torch.zeros(0, 10, 4), torch.zeros(0, 10, dtype=torch.bool))
    assert roi_max_pool(torch.zeros(0, 8, 18, 7), windows, (3, 3)).shape == (0, 10, 8, 3, 3)
    learning = torch.zeros(0, 8, 18, 7).requires_grad_()
    assert roi_max_pool(learning, windows, (3, 3)).shape == (0, 10, 8, 3, 3)


class _PartPooling(nn.Module):
    def forward(self, features: Tensor, keypoints: Tensor) -> Tensor:
        windows = part_windows(keypoints, range(10), (0.4, 0.2))
        return roi_max_pool(features, windows, (3, 3), largest_wh=(0.4, 0.2))


def test_it_exports_with_a_free_batch_size() -> None:
    generator = torch.Generator().manual_seed(1)
    graph = io.BytesIO()
    # Features that ask for gradients, as in a net whose weights do.
    example = (torch.randn(2, 4, 18, 7, generator=generator).requires_grad_(), torch.rand(2, 19, 3, generator=generator))
    torch.onnx.export(
        _PartPooling(),
        example,
        graph,
        dynamo=False,
        opset_version=17,
        input_names=["features", "keypoints"],
        output_names=["pooled"],
        dynamic_axes={name: {0: "batch"} for name in ("features", "keypoints", "pooled")},
    )
    session = onnxruntime.InferenceSession(graph.getvalue())
    for count in (1, 3):
        features, keypoints = torch.randn(count, 4, 18, 7, generator=generator), torch.rand(count, 19, 3, generator=generator)
        (exported,) = session.run(None, {"features": features.numpy(), "keypoints": keypoints.numpy()})
        np.testing.assert_array_equal(exported, _PartPooling()(features, keypoints).numpy())
