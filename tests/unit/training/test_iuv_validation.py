"""The validation of dense coordinates: what is right gets full marks, whatever the size of its picture."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from training.augment.iuv_resize import resized_iuv
from training.batch import Inputs
from training.data.reading import StoredPicture
from training.data.records import Picture
from training.data.samples import Samples
from training.iuv_validation import IuvValidation
from training.nets.system import Outputs, System

MAP_HW = (16, 8)


def people(count: int) -> Samples:
    """Pictures of several sizes whose red says how far down a pixel is; their maps: part 2 below, u = how far down."""
    pictures, maps = [], []
    for number in range(count):
        height, width = 40 + 9 * number, 20 + 5 * number
        down = np.repeat(np.linspace(0, 255, height)[:, None], width, axis=1).astype(np.uint8)
        image = np.stack([down, 0 * down, 0 * down], axis=-1)
        iuv = np.stack([np.where(down > 127, 2, 0), np.where(down > 127, down, 0), 0 * down], axis=-1).astype(np.uint8)
        pictures.append(StoredPicture(Picture(Path(f"{number}.jpg"), 1, 1), b"", (width, height), kept=image))
        maps.append(iuv)
    return Samples(pictures, None, maps)


class _Seeing(nn.Module):
    """Reads part and u off the picture's red; ``shift`` is added to u."""

    def __init__(self, shift: float) -> None:
        super().__init__()
        self._shift = shift

    def forward(self, images: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        rows, columns = (torch.arange(cells) * 4 + 2 for cells in MAP_HW)
        red = images[:, 0][:, rows[:, None], columns].float() / 255
        part = torch.where(red > 0.5, 2, 0).to(torch.uint8)
        return part, torch.where(part > 0, red + self._shift, 0), torch.zeros_like(red)


class _System(System):
    def __init__(self, shift: float = 0.0) -> None:
        super().__init__()
        self._net = _Seeing(shift)

    def forward(self, inputs: Inputs) -> Outputs:
        raise NotImplementedError

    def inference_net(self) -> nn.Module:
        return self._net


@pytest.mark.parametrize("count", [1, 40])
def test_who_sees_the_truth_gets_full_marks(count: int) -> None:
    validation = IuvValidation(people(count), (64, 32), torch.device("cpu"))
    figures = validation.measure(_System())
    assert (figures.main, figures.samples) == ("part_iou", count)
    assert figures.values["part_iou"] > 0.9  # the border moves by up to half a cell
    assert figures.values["person_iou"] == pytest.approx(figures.values["part_iou"])
    assert figures.values["u_error"] < 0.04
    assert figures.values["v_error"] == 0


def test_an_error_is_measured_as_it_is() -> None:
    validation = IuvValidation(people(3), (64, 32), torch.device("cpu"))
    plain, shifted = (validation.measure(_System(shift)).values["u_error"] for shift in (0.0, 0.25))
    assert shifted - plain == pytest.approx(0.25, abs=0.04)


def test_the_truth_is_that_of_the_cells() -> None:
    """What the validation compares with: the nearest pixel's part at the size of the maps."""
    samples = people(1)
    assert samples.iuv is not None
    cells = resized_iuv(samples.iuv[0], MAP_HW)
    assert set(np.unique(cells[..., 0])) == {0, 2}
