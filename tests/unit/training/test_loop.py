"""The loop: the same seed gives the same losses, whatever interrupts it."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
import torch
from support.training_recipe import TinyData, TinyRecipe, colour, softmax, spread
from torch import Tensor, nn

from sightline.adapters.blobs import FsspecBlobs
from sightline.errors import ConfigurationError, TrainingError
from training.batch import Targets
from training.checkpoints import Checkpoints
from training.loop import Loop, Rhythm
from training.losses.term import LossTerm
from training.nets.system import Outputs, System
from training.overrides import overridden
from training.recipe import DataFacts
from training.reports import EvaluationReport, StepReport
from training.samplers.build import build_sampler
from training.schedules import rate_factor
from training.validation import Figures

STEPS = 12
"""Of the tiny recipe on the tiny data: two phases of two epochs of three batches."""


@dataclass
class Heard:
    """What a listener was told."""

    steps: list[StepReport] = field(default_factory=list)
    evaluations: list[EvaluationReport] = field(default_factory=list)

    def on_steps(self, reports: Sequence[StepReport]) -> None:
        self.steps += reports

    def on_evaluation(self, report: EvaluationReport) -> None:
        self.evaluations.append(report)

    @property
    def losses(self) -> list[tuple[int, float, dict[str, float]]]:
        return [(report.step, report.loss, dict(report.terms)) for report in self.steps]


def checkpoints_in(folder: Path, keep_last: int = 99) -> Checkpoints:
    return Checkpoints(FsspecBlobs(str(folder)), keep_last=keep_last)


def trained(folder: Path, recipe: TinyRecipe | None = None, **values: object) -> tuple[Loop, Heard]:
    """A run to its end, resumed where there is something in the folder."""
    heard = Heard()
    loop = Loop(recipe or TinyRecipe(), TinyData(), checkpoints=checkpoints_in(folder), **values)  # type: ignore[arg-type]
    loop.resume()
    assert loop.run(listener=heard)
    return loop, heard


def same_weights(first: System, second: System) -> bool:
    ours, theirs = first.state_dict(), second.state_dict()
    return ours.keys() == theirs.keys() and all(torch.equal(value, theirs[name]) for name, value in ours.items())


def test_the_same_seed_gives_the_same_losses_and_another_one_others(tmp_path: Path) -> None:
    loop, heard = trained(tmp_path / "first")
    again, heard_again = trained(tmp_path / "second")
    assert len(heard.steps) == STEPS
    assert heard.losses == heard_again.losses
    assert same_weights(loop.state.best_weights, again.state.best_weights)
    _, other = trained(tmp_path / "other", overridden(TinyRecipe(), {"seed": 1}))
    assert heard.losses[0] != other.losses[0]


def test_it_does_what_a_bare_loop_does(tmp_path: Path) -> None:
    """The same training written out step by step, without any part of the loop but sampler and schedule."""
    recipe, data = TinyRecipe(), TinyData()
    torch.manual_seed(recipe.seed)
    system = recipe.build(data.facts)
    torch.manual_seed(recipe.seed)
    losses = []
    terms: Mapping[str, LossTerm] = {"softmax": softmax, "colour": colour, "spread": spread}
    for number, phase in enumerate(recipe.phases):
        system.train()
        trunk = [parameter for name, parameter in system.named_parameters() if name.startswith("trunk.")]
        heads = [parameter for name, parameter in system.named_parameters() if not name.startswith("trunk.")]
        if number == 0:
            groups = [{"params": trunk, "factor": 0.5}, {"params": heads, "factor": 1.0}]
            optimiser: torch.optim.Optimizer = torch.optim.SGD(groups, lr=1.0, momentum=0.9)
        else:
            groups = [{"params": trunk[2:] + heads, "factor": 1.0}]  # trunk.0, its convolution, is frozen
            optimiser = torch.optim.Adam(groups, lr=1.0, weight_decay=1e-3)
        sampler = build_sampler(phase.sampling, data.classes, seed=recipe.seed)
        for epoch in range(phase.epochs):
            for place, indices in enumerate(sampler.batches(2 * number + epoch)):
                for group in optimiser.param_groups:
                    factor = rate_factor(phase.schedule, epoch=epoch + place / len(sampler), epochs=phase.epochs)
                    group["lr"] = phase.optimiser.lr * factor * group["factor"]
                batch = data.batch(indices, seed=recipe.seed, epoch=2 * number + epoch)
                outputs = system(batch.inputs)
                loss = sum(weight * terms[name](outputs, batch.targets) for name, weight in phase.weights.items())
                assert isinstance(loss, Tensor)
                system.zero_grad()
                loss.backward()
                if number == 1:
                    system.get_submodule("trunk.0").zero_grad()
                nn.utils.clip_grad_norm_(system.parameters(), 1.0)
                optimiser.step()
                losses.append(loss.item())
    loop, heard = trained(tmp_path)
    assert [report.loss for report in heard.steps] == pytest.approx(losses, rel=1e-5)
    for name, value in loop.state.system.state_dict().items():
        torch.testing.assert_close(value, system.state_dict()[name], rtol=1e-4, atol=1e-6)


def test_a_run_resumed_at_any_checkpoint_has_the_losses_of_an_uninterrupted_one(tmp_path: Path) -> None:
    whole, heard = trained(tmp_path / "whole", rhythm=Rhythm(checkpoint_steps=1))
    steps = [entry.step for entry in checkpoints_in(tmp_path / "whole").entries()]
    assert steps == list(range(1, STEPS + 1))
    for stop_after in range(1, STEPS):
        folder = tmp_path / f"stopped-{stop_after}"
        told = Heard()
        loop = Loop(TinyRecipe(), TinyData(), checkpoints=checkpoints_in(folder), rhythm=Rhythm(report_steps=5))
        assert not loop.run(listener=told, stop=lambda loop=loop, last=stop_after: loop.state.position.step == last)
        torch.rand(3)  # whoever draws in between
        resumed, rest = trained(folder)
        assert told.losses + rest.losses == heard.losses
        assert same_weights(resumed.state.system, whole.state.system)
        assert same_weights(resumed.state.best_weights, whole.state.best_weights)


def test_resuming_a_run_that_is_complete_does_nothing(tmp_path: Path) -> None:
    loop, _ = trained(tmp_path)
    again, heard = trained(tmp_path)
    assert heard.steps == []
    assert same_weights(loop.state.best_weights, again.state.best_weights)


def test_another_recipe_or_data_is_refused_and_what_differs_is_named(tmp_path: Path) -> None:
    trained(tmp_path)
    other = overridden(TinyRecipe(), {"phases.1.epochs": 3, "seed": 5})
    loop = Loop(other, TinyData(people=7), checkpoints=checkpoints_in(tmp_path))
    with pytest.raises(ConfigurationError, match="of another run") as refused:
        loop.resume()
    for text in ("phases.1.epochs: 2, now 3", "seed: 0, now 5", "facts.classes: 6, now 7", "data: ", "--force"):
        assert text in str(refused.value)


def test_what_is_forced_goes_on_with_the_other_values(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    trained(tmp_path)
    longer = Loop(overridden(TinyRecipe(), {"phases.1.epochs": 3}), TinyData(), checkpoints=checkpoints_in(tmp_path))
    with caplog.at_level(logging.WARNING):
        assert longer.resume(force=True)
    assert "phases.1.epochs: 2, now 3" in caplog.text
    wider = Loop(overridden(TinyRecipe(), {"system.width": 4}), TinyData(), checkpoints=checkpoints_in(tmp_path))
    with pytest.raises(ConfigurationError, match="of another system"):
        wider.resume(force=True)


class BrokenRecipe(TinyRecipe):
    """Its loss is not a number from a step on."""

    breaks_at: int = 8

    def terms(self, facts: DataFacts) -> Mapping[str, LossTerm]:
        calls = 0

        def broken(outputs: Outputs, targets: Targets) -> Tensor:
            nonlocal calls
            calls += 1
            return softmax(outputs, targets) * (float("nan") if calls >= self.breaks_at else 1.0)

        return {**super().terms(facts), "softmax": broken}


@pytest.mark.parametrize("rhythm", [Rhythm(), Rhythm(report_steps=1), Rhythm(checkpoint_steps=1)])
def test_a_loss_that_is_not_finite_ends_the_run_and_is_never_kept(tmp_path: Path, rhythm: Rhythm) -> None:
    loop = Loop(BrokenRecipe(), TinyData(), checkpoints=checkpoints_in(tmp_path), rhythm=rhythm)
    with pytest.raises(TrainingError, match=r"step 8 \(phase 'all', epoch 1\): softmax = nan, colour = \d"):
        loop.run()
    snapshot = checkpoints_in(tmp_path).load_last()
    assert snapshot is not None
    assert snapshot.position.step < 8
    assert all(torch.isfinite(value).all() for value in snapshot.system.values())


@pytest.mark.parametrize(
    ("overrides", "message"),
    [
        ({"phases.1.weights.sofmax": 1.0}, "did you mean 'softmax'"),
        ({"phases.1.weights": {}}, "weighs no loss"),
        ({"phases.1.frozen": ["trunc"]}, "did you mean 'trunk'"),
        ({"phases.1.optimiser.lr_factors.trunc": 0.1}, "did you mean 'trunk'"),
        ({"phases.1.sampling.identities": 50}, "identities"),
    ],
)
def test_what_is_wrong_with_a_later_phase_is_said_before_the_first(
    tmp_path: Path, overrides: dict[str, object], message: str
) -> None:
    with pytest.raises(ConfigurationError, match=message):
        Loop(overridden(TinyRecipe(), overrides), TinyData(), checkpoints=checkpoints_in(tmp_path))


class FakeValidation:
    """Gives figures that rise to the fourth evaluation and then fall; remembers which weights it saw."""

    def __init__(self) -> None:
        self.seen: list[System] = []

    def measure(self, system: System) -> Figures:
        system.eval()
        self.seen.append(system)
        return Figures("mean_ap", {"rank1": 0.5, "mean_ap": {1: 0.4, 2: 0.6}.get(len(self.seen), 0.3)}, 10)


@pytest.mark.parametrize(("every", "epochs"), [(1, [1, 2, 1, 2]), (3, [1, 2]), (None, [2])])
def test_evaluations_come_as_often_as_asked_and_at_the_end(tmp_path: Path, every: int | None, epochs: list[int]) -> None:
    validation = FakeValidation()
    loop, heard = trained(tmp_path, validation=validation, rhythm=Rhythm(evaluate_epochs=every))
    assert [report.epoch for report in heard.evaluations] == epochs
    assert loop.state.average is not None
    assert all(system is loop.state.average.system for system in validation.seen)
    assert loop.state.figures["mean_ap"] == {4: 0.3, 2: 0.6, 1: 0.4}[len(epochs)]


def test_evaluations_change_no_loss_and_choose_the_best(tmp_path: Path) -> None:
    _, alone = trained(tmp_path / "alone", overridden(TinyRecipe(), {"ema": None}))
    recipe = overridden(TinyRecipe(), {"ema": None})
    _, heard = trained(tmp_path / "evaluated", recipe, validation=FakeValidation(), rhythm=Rhythm(evaluate_epochs=1))
    assert heard.losses == alone.losses
    checkpoints = checkpoints_in(tmp_path / "evaluated", keep_last=1)
    assert [(entry.step, entry.score) for entry in checkpoints.entries()] == [(3, 0.4), (6, 0.6), (9, 0.3), (12, 0.3)]
    best = checkpoints.load_best()
    assert best is not None
    assert best.position.step == 6


@pytest.mark.parametrize(("epochs", "steps"), [(1, [3, 6, 9, 12]), (2, [6, 12]), (99, [6, 12])])
def test_checkpoints_come_as_often_as_asked_and_at_the_end_of_each_phase(tmp_path: Path, epochs: int, steps: list[int]) -> None:
    trained(tmp_path, rhythm=Rhythm(checkpoint_epochs=epochs, evaluate_epochs=None))
    assert [entry.step for entry in checkpoints_in(tmp_path).entries()] == steps


def test_frozen_parts_stay_as_they_are(tmp_path: Path) -> None:
    seen: list[tuple[str, Tensor, bool]] = []

    class Watching(Heard):
        def on_steps(self, reports: Sequence[StepReport]) -> None:
            convolution = loop.state.system.get_submodule("trunk.0")
            weight = convolution.get_parameter("weight").clone()
            seen.extend((report.phase, weight, convolution.training) for report in reports)

    loop = Loop(TinyRecipe(), TinyData(), checkpoints=checkpoints_in(tmp_path), rhythm=Rhythm(report_steps=1))
    loop.run(listener=Watching())
    first = [weight for phase, weight, training in seen if phase == "identity" and training]
    second = [weight for phase, weight, training in seen if phase == "all" and not training]
    assert (len(first), len(second)) == (6, 6)
    assert not torch.equal(first[0], first[-1])
    assert all(torch.equal(weight, first[-1]) for weight in second)


@pytest.mark.parametrize("precision", [{"bf16": True}, {"channels_last": True}, {"bf16": True, "channels_last": True}])
def test_other_arithmetic_gives_about_the_same_losses(tmp_path: Path, precision: dict[str, bool]) -> None:
    values = {"system.dropout": 0.0}
    _, plain = trained(tmp_path / "plain", overridden(TinyRecipe(), values))
    recipe = overridden(TinyRecipe(), values | {"precision": precision})
    loop, heard = trained(tmp_path / "other", recipe)
    assert [report.loss for report in heard.steps] == pytest.approx([report.loss for report in plain.steps], rel=0.05)
    assert all(value.dtype != torch.bfloat16 for value in loop.state.system.state_dict().values()), "weights stay in float32"
    _, again = trained(tmp_path / "again", recipe)
    assert again.losses == heard.losses


def test_bf16_is_really_used(tmp_path: Path) -> None:
    _, plain = trained(tmp_path / "plain")
    _, heard = trained(tmp_path / "bf16", overridden(TinyRecipe(), {"precision.bf16": True}))
    assert heard.losses != plain.losses


def test_weights_are_those_that_were_evaluated_without_what_training_needs(tmp_path: Path) -> None:
    loop, _ = trained(tmp_path)
    weights = loop.weights()
    assert weights.average is None
    assert weights.optimiser is None
    average = loop.state.best_weights.state_dict()
    assert all(torch.equal(value, average[name]) for name, value in weights.system.items())
    assert not torch.equal(average["identity_head.weight"], loop.state.system.state_dict()["identity_head.weight"])


def test_workers_that_see_different_checkpoints_do_not_train(tmp_path: Path) -> None:
    """As on machines without a common store: here the world says so."""

    class TwoWorlds:
        rank, size, device, is_first = 0, 1, torch.device("cpu"), True

        def gather(self, value: object) -> list[object]:
            return [value, replace(value, step=99)]  # type: ignore[type-var]

        parallel: Callable[[nn.Module], nn.Module] = staticmethod(lambda module: module)

    loop = Loop(TinyRecipe(), TinyData(), checkpoints=checkpoints_in(tmp_path), world=TwoWorlds())  # type: ignore[arg-type]
    with pytest.raises(ConfigurationError, match="different checkpoints"):
        loop.resume()
