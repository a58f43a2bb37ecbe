"""The papers' tables by name, each with its scales.

All rows of one paper at one scale share data, epochs and seeds. ``cpu``: narrow trunks on small pictures, from scratch, minutes
a row on one core. ``gpu``: the papers' nets at their own sizes, from scratch too.
"""

from __future__ import annotations

from collections.abc import Mapping

from training.recipes import deep_person_rows, djl_rows, dsa, embedder, joint_loss, lrdnn_rows
from training.recipes.baseline import BaselineRecipe, baseline_cpu
from training.recipes.deep_person import DeepPersonRecipe
from training.recipes.djl import DjlRecipe
from training.recipes.lrdnn import LrdnnRecipe
from training.recipes.paper_rows import PaperRow
from training.tables.paper_table import PaperTable, Scale

_BASELINE = PaperTable(
    name="baseline",
    title="A plain strong baseline (Luo et al., Bag of Tricks, CVPRW 2019)",
    rows={
        "baseline": PaperRow("baseline"),
        "baseline_reranked": PaperRow("baseline_reranked", {}, {}, "baseline", weights_of="baseline", rerank=True),
    },
    scales={
        "cpu": Scale(baseline_cpu(), lambda row: row.overrides),
        "gpu": Scale(BaselineRecipe(), lambda row: {**row.overrides, "precision": {"bf16": True, "channels_last": True}}),
    },
    key=("baseline", "baseline_reranked"),
)

_DJL = PaperTable(
    name="djl",
    title="DJL: Deep Joint Learning",
    rows=djl_rows.ROWS,
    scales={
        "cpu": Scale(DjlRecipe(), lambda row: djl_rows.scaled(row, djl_rows.CPU)),
        "gpu": Scale(DjlRecipe(), lambda row: djl_rows.scaled(row, djl_rows.GPU)),
    },
    groups=djl_rows.TABLES,
    key=("base", "djl_hfa"),
)

_LRDNN = PaperTable(
    name="lrdnn",
    title="LRDNN: attributes and pose maps",
    rows=lrdnn_rows.ROWS,
    scales={
        "cpu": Scale(LrdnnRecipe(), lambda row: {**lrdnn_rows.scaled(row, lrdnn_rows.CPU), **lrdnn_rows.DRAWN}),
        "gpu": Scale(LrdnnRecipe(), lambda row: {**lrdnn_rows.scaled(row, lrdnn_rows.GPU), **lrdnn_rows.DRAWN}),
    },
    groups=lrdnn_rows.TABLES,
    key=("b", "all"),
    average_precision="interpolated",
)

_DEEP_PERSON = PaperTable(
    name="deep_person",
    title="Deep-Person: a person as a sequence of parts",
    rows=deep_person_rows.ROWS,
    scales={
        "cpu": Scale(DeepPersonRecipe(), lambda row: deep_person_rows.scaled(row, deep_person_rows.CPU)),
        "gpu": Scale(DeepPersonRecipe(), lambda row: deep_person_rows.scaled(row, deep_person_rows.GPU)),
    },
    groups=deep_person_rows.TABLES,
    key=("global", "all"),
)

_JOINT_LOSS = PaperTable(
    name="joint_loss",
    title="Joint-loss: pose-guided regions, softmax and pose-constrained triplets",
    rows=joint_loss.ROWS,
    scales={
        "cpu": Scale(joint_loss.JointLossRecipe(), lambda row: {**row.overrides, **joint_loss.CPU}),
        "gpu": Scale(joint_loss.JointLossRecipe(), lambda row: {**row.overrides, **joint_loss.GPU}),
    },
    key=("baseline", "whole"),
)

_DSA = PaperTable(
    name="dsa",
    title="DSA-reID: densely semantically aligned",
    rows=dsa.TABLES_3_TO_5,
    scales={
        "cpu": Scale(dsa.dsa_cpu(), lambda row: {**row.overrides, **dsa.CPU}),
        "gpu": Scale(dsa.DsaRecipe(), lambda row: {**row.overrides, **dsa.GPU}),
    },
    key=("baseline_smoothing", "two_branches", "dsa"),
)

_EMBEDDER = PaperTable(
    name="embedder",
    title="The embedder that ships",
    rows=embedder.ROWS,
    scales={
        "cpu": Scale(embedder.EmbedderRecipe(), lambda row: {**embedder.CPU, **row.overrides}),
        "gpu": Scale(embedder.EmbedderRecipe(), lambda row: {**row.overrides, **embedder.GPU}),
    },
    key=("softmax", "triplet", "attributes", "whole"),
)

PAPERS: Mapping[str, PaperTable] = {
    table.name: table for table in (_BASELINE, _DJL, _LRDNN, _DSA, _DEEP_PERSON, _JOINT_LOSS, _EMBEDDER)
}
