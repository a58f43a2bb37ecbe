"""The rows of DJL's Tables 1 to 3 and 6 to 11, and the scales that they can be trained at.

Table 3 prints PIE's improvements over two base networks; its rows here have the base's rank-1 and that improvement together.
Figure 7 (which feature is matched) and the disturbance of part centres at test are rows without printed figures.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from training.recipes.paper_rows import Figures, Overrides, PaperRow, by_name


def _modules(*layers: str) -> Overrides:
    """Modules of a 1x1 grid without re-weighting: DJL-S."""
    return {
        "system.modules": [{"layer": layer, "grid_hw": [1, 1]} for layer in layers],
        "system.reweighting": False,
    }


BASE: Overrides = {
    "system.modules": [],
    "system.feature": "global",
    "phases.0.frozen": [],
    "phases.1.optimiser.lr_factors": {},
    "phases.1.weights": {"global": 1.0},
}
"""The base network alone. It goes through both phases, so that every row has the same budget."""

PIE: Overrides = {"system.modules": [], "system.pose_box": True, "phases.1.optimiser.lr_factors": {}}
"""Image-level parts in the place of the modules; see :mod:`training.nets.djl.pose_box_branch` for what the text leaves open."""

ALEXNET: Overrides = {
    "size_hw": (227, 227),
    "augment.resize_hw": (256, 256),
    "system.backbone.kind": "alexnet",
    "system.window_wh": (32, 32),
    "system.window_of_wh": (227, 227),
    "phases.0.epochs": 50,
    "phases.0.optimiser.lr": 0.001,
    "phases.0.schedule": {"kind": "decay", "factor": 0.1, "every": 20},
    "phases.*.sampling.batch_size": 64,
}
"""From ImageNet: give ``system.backbone.checkpoint``."""

RESNET: Overrides = {
    "size_hw": (224, 224),
    "augment.resize_hw": (256, 256),
    "system.backbone.kind": "resnet",
    "system.window_wh": (32, 32),
    "system.window_of_wh": (224, 224),
    "phases.0.epochs": 62,
    "phases.0.optimiser.lr": 0.001,
    "phases.0.schedule": {"kind": "decay", "factor": 0.1, "every": 25},
    "phases.*.sampling.batch_size": 16,
}
"""ResNet-50 from ImageNet: give ``system.backbone.checkpoint``."""

_S = _modules("inception_3a")
_ALEXNET_S: Overrides = {**ALEXNET, **_modules("conv4")}
_RESNET_S: Overrides = {**RESNET, **_modules("res4a")}
_SMALL: Overrides = {"augment.part_disturbance": 0.06}
_VIOLENT: Overrides = {"augment.part_disturbance": 0.3}
_HALF: Overrides = {"resolution": 0.5}

ROWS: Mapping[str, PaperRow] = by_name(
    (
        PaperRow("base", BASE, {"market1501": Figures(79.66, 56.59), "cuhk03": Figures(80.85)}),
        PaperRow("djl_s", _S, {"market1501": Figures(85.12, 64.82), "cuhk03": Figures(84.25)}, "base"),
        PaperRow(
            "djl_s_rrw",
            {**_S, "system.reweighting": True},
            {"market1501": Figures(85.21, 65.38), "cuhk03": Figures(84.29)},
            "djl_s",
        ),
        PaperRow(
            "djl_hfa_without_rrw",
            {"system.reweighting": False},
            {"market1501": Figures(84.95, 65.29), "cuhk03": Figures(84.72)},
            "djl_s",
        ),
        PaperRow("djl_hfa", {}, {"market1501": Figures(85.99, 65.65), "cuhk03": Figures(85.90)}, "base"),
        PaperRow(
            "djl_hfa_reranked",
            {},
            {"market1501": Figures(88.39, 79.97), "cuhk03": Figures(85.12)},
            "djl_hfa",
            weights_of="djl_hfa",
            rerank=True,
        ),
        PaperRow("djl_s_local", {**_S, "system.feature": "local"}, {}, "djl_s", weights_of="djl_s"),
        PaperRow("djl_s_global", {**_S, "system.feature": "global"}, {}, "djl_s", weights_of="djl_s"),
        PaperRow(
            "inception_1a",
            _modules("inception_1a"),
            {"market1501": Figures(82.90, 61.24), "cuhk03": Figures(82.66)},
            "base",
        ),
        PaperRow(
            "inception_2a",
            _modules("inception_2a"),
            {"market1501": Figures(84.59, 65.89), "cuhk03": Figures(83.01)},
            "base",
        ),
        PaperRow("alexnet", {**ALEXNET, **BASE}, {"market1501": Figures(57.75, 33.80), "cuhk03": Figures(53.03)}),
        PaperRow(
            "alexnet_conv3",
            {**ALEXNET, **_modules("conv3")},
            {"market1501": Figures(66.30, 42.75), "cuhk03": Figures(68.13)},
            "alexnet",
        ),
        PaperRow("alexnet_conv4", _ALEXNET_S, {"market1501": Figures(67.64, 43.60), "cuhk03": Figures(71.95)}, "alexnet"),
        PaperRow(
            "alexnet_conv5",
            {**ALEXNET, **_modules("conv5")},
            {"market1501": Figures(69.83, 45.17), "cuhk03": Figures(74.22)},
            "alexnet",
        ),
        PaperRow("resnet", {**RESNET, **BASE}, {"market1501": Figures(72.42, 48.01), "cuhk03": Figures(61.79)}),
        PaperRow(
            "resnet_res3a",
            {**RESNET, **_modules("res3a")},
            {"market1501": Figures(77.02, 54.17), "cuhk03": Figures(77.40)},
            "resnet",
        ),
        PaperRow("resnet_res4a", _RESNET_S, {"market1501": Figures(78.86, 55.49), "cuhk03": Figures(80.83)}, "resnet"),
        PaperRow(
            "resnet_res5a",
            {**RESNET, **_modules("res5a")},
            {"market1501": Figures(79.48, 57.53), "cuhk03": Figures(83.97)},
            "resnet",
        ),
        PaperRow("disturbed_small", {**_S, **_SMALL}, {"market1501": Figures(84.53, 64.89), "cuhk03": Figures(83.38)}, "djl_s"),
        PaperRow(
            "disturbed_violently",
            {**_S, **_VIOLENT},
            {"market1501": Figures(83.61, 63.44), "cuhk03": Figures(82.41)},
            "djl_s",
        ),
        PaperRow("half_resolution", _S, {"cuhk03": Figures(82.80)}, "djl_s", data=_HALF),
        PaperRow(
            "alexnet_disturbed_small",
            {**_ALEXNET_S, **_SMALL},
            {"market1501": Figures(68.82, 44.89), "cuhk03": Figures(68.31)},
            "alexnet_conv4",
        ),
        PaperRow(
            "alexnet_disturbed_violently",
            {**_ALEXNET_S, **_VIOLENT},
            {"market1501": Figures(64.79, 40.84), "cuhk03": Figures(62.07)},
            "alexnet_conv4",
        ),
        PaperRow("alexnet_half_resolution", _ALEXNET_S, {"cuhk03": Figures(60.35)}, "alexnet_conv4", data=_HALF),
        PaperRow(
            "resnet_disturbed_small",
            {**_RESNET_S, **_SMALL},
            {"market1501": Figures(77.76, 54.62), "cuhk03": Figures(80.53)},
            "resnet_res4a",
        ),
        PaperRow(
            "resnet_disturbed_violently",
            {**_RESNET_S, **_VIOLENT},
            {"market1501": Figures(75.95, 52.71), "cuhk03": Figures(73.40)},
            "resnet_res4a",
        ),
        PaperRow("resnet_half_resolution", _RESNET_S, {"cuhk03": Figures(75.58)}, "resnet_res4a", data=_HALF),
        PaperRow("pie", PIE, {}, "base"),
        PaperRow(
            "alexnet_pie",
            {**ALEXNET, **PIE},
            {"market1501": Figures(57.75 + 9.12), "cuhk03": Figures(53.03 + 2.65)},
            "alexnet",
        ),
        PaperRow(
            "resnet_pie",
            {**RESNET, **PIE},
            {"market1501": Figures(72.42 + 5.66), "cuhk03": Figures(61.79 + 5.50)},
            "resnet",
        ),
        PaperRow("test_disturbed_small", _S, {}, "djl_s", weights_of="djl_s", test_disturbance=0.06),
        PaperRow("test_disturbed_violently", _S, {}, "djl_s", weights_of="djl_s", test_disturbance=0.3),
    )
)
"""Every row of the paper's Tables 1 to 3 and 6 to 11, and rows without printed figures: PIE on Inception, figure 7, the
disturbance at test."""

TABLES: Mapping[str, tuple[str, ...]] = {
    "tables_1_2": ("alexnet", "alexnet_conv4", "resnet", "resnet_res4a", "base", "djl_s"),
    "table_3": ("alexnet", "alexnet_conv4", "alexnet_pie", "resnet", "resnet_res4a", "resnet_pie", "base", "djl_s", "pie"),
    "tables_6_7": (
        "alexnet", "alexnet_conv4", "alexnet_disturbed_small", "alexnet_disturbed_violently", "alexnet_half_resolution",
        "resnet", "resnet_res4a", "resnet_disturbed_small", "resnet_disturbed_violently", "resnet_half_resolution",
        "base", "djl_s", "disturbed_small", "disturbed_violently", "half_resolution",
    ),
    "tables_8_9": (
        "alexnet", "alexnet_conv3", "alexnet_conv4", "alexnet_conv5",
        "resnet", "resnet_res3a", "resnet_res4a", "resnet_res5a",
        "base", "inception_1a", "inception_2a", "djl_s",
    ),
    "tables_10_11": ("base", "djl_s", "djl_s_rrw", "djl_hfa_without_rrw", "djl_hfa", "djl_hfa_reranked"),
    "figure_7": ("djl_s", "djl_s_local", "djl_s_global"),
    "robustness_at_test": ("djl_s", "test_disturbed_small", "test_disturbed_violently"),
}  # fmt: skip
"""The paper's tables by the rows that each holds."""


@dataclass(frozen=True, slots=True)
class Scale:
    """How large a table is trained; every row from scratch, as there may be no ImageNet checkpoint at hand.

    Attributes:
        width: factor of the backbones' channels.
        descriptor: of each module of the local branch.
        base_epochs, joint_epochs: of the two phases; the rate falls as far as in Inception's 232 epochs.
        square: size of AlexNet's and ResNet's input, after a resize to 9/8 of it; None = the paper's.
    """

    width: float
    descriptor: int
    base_epochs: int
    joint_epochs: int
    square: int | None = None


CPU = Scale(width=0.25, descriptor=64, base_epochs=12, joint_epochs=4, square=128)
"""Inception: 0.46 M parameters without the heads."""

GPU = Scale(width=1.0, descriptor=256, base_epochs=58, joint_epochs=20)

_SCRATCH_RATE = {"dgd_inception": 0.1, "resnet": 0.05, "alexnet": 0.01}
"""AlexNet has no batch normalisation, and ResNet smaller batches than Inception."""


def scaled(row: PaperRow, scale: Scale) -> Overrides:
    """The row's overrides with the scale laid over them."""
    kind = str(row.overrides.get("system.backbone.kind", "dgd_inception"))
    square: Overrides = {}
    if scale.square is not None and kind != "dgd_inception":
        before = scale.square * 9 // 8
        square = {"size_hw": (scale.square, scale.square), "augment.resize_hw": (before, before)}
    return {
        **row.overrides,
        **square,
        "system.backbone.width": scale.width,
        "system.descriptor": scale.descriptor,
        "phases.0.epochs": scale.base_epochs,
        "phases.0.optimiser.lr": _SCRATCH_RATE[kind],
        "phases.0.schedule": {"kind": "decay", "factor": 0.96, "every": 4 * scale.base_epochs / 232},
        "phases.1.epochs": scale.joint_epochs,
        "phases.*.sampling.batch_size": 100 if kind == "dgd_inception" else 64,
        "precision": {"bf16": True, "channels_last": True},
    }
