"""The training loop: the phases of a recipe one after another, on one device or on many.

Every worker runs this same loop. It may be killed at any moment: it goes on from its last checkpoint, with the losses that it
would have had.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Generator
from contextlib import closing
from dataclasses import dataclass, replace

from torch import Tensor, nn, optim

from sightline.errors import ConfigurationError
from training.batch import Batch
from training.checkpoints import Checkpoints
from training.config import Phase
from training.feed import TrainingData
from training.identity import RunIdentity
from training.loss_log import LossLog
from training.losses.joint import JointLoss
from training.objective import Objective, joint_loss
from training.optimisers import check_parts, freeze, set_rate
from training.recipe import Recipe
from training.reports import EvaluationReport, Listener, Listeners
from training.samplers.build import build_sampler
from training.samplers.sampler import Sampler, Share
from training.schedules import rate_factor
from training.snapshot import Position, Snapshot, generator_states
from training.state import RunState
from training.validation import Validation
from training.world import World

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Rhythm:
    """How often what happens; no loss depends on it.

    Attributes:
        report_steps: steps between reports; a loss that is not finite is noticed with the report.
        evaluate_epochs: epochs between evaluations; the end of the run is evaluated in any case. None = it alone.
        checkpoint_epochs: epochs between checkpoints; the end of each phase has one in any case.
        checkpoint_steps: steps between further checkpoints, within epochs; None = no further ones.
    """

    report_steps: int = 10
    evaluate_epochs: int | None = 10
    checkpoint_epochs: int = 1
    checkpoint_steps: int | None = None


@dataclass(frozen=True, slots=True)
class _Stage:
    """A phase, and what was made of it before anything was trained."""

    phase: Phase
    loss: JointLoss
    sampler: Sampler


class Loop:
    """One run of a recipe on a training set.

    Args:
        recipe: what is trained, and how.
        data: what it learns from.
        checkpoints: where the run is kept. The first worker writes, all read.
        validation: measures the weights, on the first worker; None = nothing is evaluated.
        rhythm: how often what happens.
        world: this worker among those that share each batch.

    Attributes:
        state: weights and place.

    Raises:
        ConfigurationError: the recipe does not fit the data, or itself.
    """

    def __init__(
        self,
        recipe: Recipe,
        data: TrainingData,
        *,
        checkpoints: Checkpoints,
        validation: Validation | None = None,
        rhythm: Rhythm | None = None,
        world: World | None = None,
    ) -> None:
        self._recipe, self._data, self._checkpoints, self._validation = recipe, data, checkpoints, validation
        self._rhythm, self._world = rhythm or Rhythm(), world or World()
        self._identity = RunIdentity.of(recipe, data, workers=self._world.size)
        self.state = RunState(recipe, data.facts, self._world)
        # All phases are looked at now: a wrong name in the last one is not found after days.
        terms, share = recipe.terms(data.facts), Share(self._world.rank, self._world.size)
        self._stages = [
            _Stage(phase, joint_loss(terms, phase), build_sampler(phase.sampling, data.classes, seed=recipe.seed, share=share))
            for phase in recipe.phases
        ]
        check_parts(self.state.system, recipe.phases)

    def resume(self, *, force: bool = False) -> bool:
        """Go on from the last checkpoint; False = there is none. Every worker calls it.

        Args:
            force: even from one of another recipe, other data or another number of workers; what differs is logged.

        Raises:
            ConfigurationError: it is of another run, or the workers do not see the same one.
            InputError: there are checkpoints and none is whole.
            ServiceUnavailable: their store does not answer.
        """
        snapshot = self._checkpoints.load_last()
        if snapshot:
            self._check_identity(snapshot, force=force)
            self.state.restore(snapshot)
        if len(set(self._world.gather(self.state.position))) > 1:
            raise ConfigurationError("the workers see different checkpoints: keep them where all workers read the same")
        return snapshot is not None

    def run(self, *, listener: Listener | None = None, stop: Callable[[], bool] = lambda: False) -> bool:
        """Train to the end; False = it was asked to stop, and goes on when it is resumed.

        Args:
            listener: hears of it; of steps on every worker, of evaluations on the first.
            stop: asked after each step; True = keep a checkpoint and end. Not asked where several workers train.

        Raises:
            TrainingError: a loss is not finite; the last checkpoint is from before it.
            SightlineError: the data or the checkpoints' store failed.
        """
        state, listener = self.state, listener or Listeners()
        for number in range(state.position.phase, len(self._stages)):
            stage = self._stages[number]
            optimiser = state.begin(stage.phase)
            objective = self._world.parallel(Objective(state.system, stage.loss, self._recipe.precision))
            while state.position.phase == number:
                if not self._train_epoch(stage, objective, optimiser, listener, stop):
                    return False
                self._end_epoch(stage.phase, listener)
        return True

    def weights(self) -> Snapshot:
        """What is evaluated and exported, without what only the training needs."""
        snapshot = self.state.snapshot(self._identity, random=[])
        return replace(snapshot, system=self.state.best_weights.state_dict(), average=None, optimiser=None)

    def _train_epoch(
        self, stage: _Stage, objective: nn.Module, optimiser: optim.Optimizer, listener: Listener, stop: Callable[[], bool]
    ) -> bool:
        """The epoch from where it stands to its end; False = it was asked to stop."""
        state, phase, rhythm = self.state, stage.phase, self._rhythm
        log = LossLog(phase.name, batches=len(stage.sampler), world=self._world)
        freeze(state.system, phase.frozen)  # an evaluation may have been in between
        with closing(self._batches(stage.sampler)) as batches:
            for batch in batches:
                epoch_part = state.position.batch / len(stage.sampler)
                rate = rate_factor(phase.schedule, epoch=state.position.epoch + epoch_part, epochs=phase.epochs)
                set_rate(optimiser, phase.optimiser.lr * rate)
                loss, terms = self._step(objective, optimiser, batch)
                state.position = state.position.after_step()
                log.add(loss, terms, at=state.position, rate=phase.optimiser.lr * rate, pictures=len(batch))

                stopping = self._world.size == 1 and stop()
                keeping = stopping or _is_due(state.position.step, rhythm.checkpoint_steps)
                if keeping or _is_due(state.position.step, rhythm.report_steps):
                    listener.on_steps(log.read())
                if keeping:  # after the log was read: weights of a loss that is not finite are never kept
                    self._save()
                if stopping:
                    return False
        listener.on_steps(log.read())
        return True

    def _step(self, objective: nn.Module, optimiser: optim.Optimizer, batch: Batch) -> tuple[Tensor, dict[str, Tensor]]:
        loss, terms = objective(batch.to(self._world.device))
        optimiser.zero_grad()
        loss.backward()
        if self._recipe.clip_norm is not None:
            nn.utils.clip_grad_norm_(self.state.system.parameters(), self._recipe.clip_norm)
        optimiser.step()
        if self.state.average:
            self.state.average.update(step=self.state.position.step + 1)
        return loss, terms

    def _batches(self, sampler: Sampler) -> Generator[Batch, None, None]:
        """What is left of this epoch."""
        position = self.state.position
        indices = sampler.batches(position.epochs_done, position.batch)
        yield from self._data.batches(indices, seed=self._recipe.seed, epoch=position.epochs_done)

    def _end_epoch(self, phase: Phase, listener: Listener) -> None:
        state, rhythm = self.state, self._rhythm
        ended, state.position = state.position, state.position.after_epoch()
        phase_is_over = state.position.epoch == phase.epochs
        if phase_is_over:
            state.position = state.position.after_phase()
        run_is_over = state.position.phase == len(self._stages)
        evaluating = run_is_over or _is_due(state.position.epochs_done, rhythm.evaluate_epochs)
        score = self._evaluate(phase, ended, listener) if evaluating else None
        if phase_is_over or evaluating or _is_due(state.position.epochs_done, rhythm.checkpoint_epochs):
            self._save(score)

    def _evaluate(self, phase: Phase, at: Position, listener: Listener) -> float | None:
        """The main figure; the other workers wait for the first one, who evaluates, when they next need it."""
        if self._validation is None or not self._world.is_first:
            return None
        began_s = time.perf_counter()
        figures = self._validation.measure(self.state.best_weights)
        seconds = time.perf_counter() - began_s
        self.state.figures = dict(figures.values)
        listener.on_evaluation(
            EvaluationReport(at.step, phase.name, at.epoch + 1, figures.main, figures.values, figures.samples, seconds)
        )
        return figures.score

    def _save(self, score: float | None = None) -> None:
        random = self._world.gather(generator_states(self._world.device))
        if self._world.is_first:
            self._checkpoints.save(self.state.snapshot(self._identity, random), score=score)

    def _check_identity(self, snapshot: Snapshot, *, force: bool) -> None:
        differences = "; ".join(snapshot.identity.differences(self._identity))
        if differences and not force:
            raise ConfigurationError(
                f"the checkpoints are of another run ({differences}): give it what it had then, choose another --output, or go "
                "on with other values by --force (its losses are then neither run's)"
            )
        if differences:
            logger.warning("going on from a checkpoint of another run, as asked: %s", differences)


def _is_due(count: int, every: int | None) -> bool:
    return every is not None and count % every == 0
