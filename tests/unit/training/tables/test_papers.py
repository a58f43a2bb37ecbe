"""Every row of every paper at every scale is a recipe, and rows are found by their names."""

from __future__ import annotations

import pytest

from sightline.errors import ConfigurationError
from training.nets.systems.dsa import Dsa
from training.recipe import DataFacts
from training.tables.paper_table import PaperTable
from training.tables.papers import PAPERS

FACTS = DataFacts(classes=5, attributes={"gender": 2}, keypoints=True, part_images=True)
EVERY = [(table, scale) for table in PAPERS.values() for scale in table.scales]


@pytest.mark.parametrize(("table", "scale"), EVERY, ids=lambda value: getattr(value, "name", value))
def test_every_row_is_a_recipe_of_the_same_budget(table: PaperTable, scale: str) -> None:
    budgets: dict[str, set[tuple[int, ...]]] = {}
    for name in table.rows:
        recipe = table.recipe(name, scale=scale, seed=3)
        assert recipe.seed == 3
        assert set(recipe.terms(FACTS)) >= {term for phase in recipe.phases for term in phase.weights}
        backbone = str(getattr(getattr(recipe, "system", None), "backbone", ""))
        budgets.setdefault(backbone, set()).add(tuple(phase.epochs for phase in recipe.phases))
    assert all(len(epochs) == 1 for epochs in budgets.values())


@pytest.mark.parametrize("table", PAPERS.values(), ids=lambda table: table.name)
def test_rows_of_other_weights_build_systems_that_those_weights_fit(table: PaperTable) -> None:
    shared = [row for row in table.rows.values() if row.weights_of]
    for row in shared:
        systems = [table.recipe(name, scale="cpu", seed=0).build(FACTS) for name in (row.name, str(row.weights_of))]
        shapes = [{name: value.shape for name, value in system.state_dict().items()} for system in systems]
        assert shapes[0] == shapes[1]


def test_key_rows_and_tables_are_rows() -> None:
    for table in PAPERS.values():
        assert not {"key", "every", *table.groups} & set(table.rows)  # a name means one thing
        assert len(table.key) >= 2
        for names in (table.key, *table.groups.values()):
            assert set(names) <= set(table.rows)


def test_rows_come_by_name_table_key_and_all_each_once_in_order() -> None:
    djl = PAPERS["djl"]
    assert djl.chosen(("djl_hfa", "base", "key")) == ("base", "djl_hfa")
    assert djl.chosen(("figure_7",)) == djl.groups["figure_7"]
    assert djl.chosen(("every",)) == tuple(djl.rows)
    assert PAPERS["deep_person"].chosen(("all",)) == ("all",)  # a row of that name
    assert djl.evaluated_with("djl_hfa") == ("djl_hfa_reranked",)


def test_unknown_names_are_refused_with_the_nearest() -> None:
    with pytest.raises(ConfigurationError, match="did you mean 'djl_hfa'"):
        PAPERS["djl"].chosen(("djl_hfaa",))
    with pytest.raises(ConfigurationError, match="no row 'nothing'"):
        PAPERS["djl"].recipe("nothing", scale="cpu", seed=0)
    with pytest.raises(ConfigurationError, match="no scale 'tpu'"):
        PAPERS["djl"].recipe("base", scale="tpu", seed=0)


def test_the_dsa_rows_keep_the_presets_trunk() -> None:
    system = PAPERS["dsa"].recipe("dsa", scale="cpu", seed=0).build(FACTS)
    assert isinstance(system, Dsa)
    assert sum(each.numel() for each in system.parameters()) < 10e6
