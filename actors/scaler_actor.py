"""The Ray actor round the scaler, and a stage's replicas as it sees them."""

from __future__ import annotations

import time

from actors.roster import Roster, Wanted
from actors.scaler import Scaler
from actors.scaling import ReplicaRule
from actors.shell import WorkActor, open_log
from actors.stage_actor import StageActor
from sightline.adapters.ray.stages import stage_names
from sightline.settings import Settings

_ASK_S = 1.0
"""Of all replicas together: one that is starting answers nothing for seconds, and the others must not wait for it."""


class StageFleet:
    """See :class:`actors.scaler.Replicas`: actors named by their place, of which the last is the first to go.

    Args:
        settings, stage, generation: of which actors.
        roster: through which they are started, asked and stopped; unset = that of the settings.
    """

    def __init__(self, settings: Settings, stage: str, generation: str, *, roster: Roster | None = None) -> None:
        self._settings = settings
        self._stage = stage
        self._generation = generation
        self._names = stage_names(settings, stage, generation)
        self._roster = roster or Roster(settings)
        self._last: dict[str, int] = {}

    def calls(self) -> list[int]:
        """See the protocol. One that does not answer has what it had last: nothing, if it is just starting."""
        running = self._running()
        answers = self._roster.ask_all(running, "calls", timeout_s=_ASK_S)
        self._last = {name: answers.get(name, self._last.get(name, 0)) for name in running}
        return list(self._last.values())

    def resize(self, count: int) -> None:
        """See the protocol."""
        running = self._running()
        for name in self._names[:count]:
            if name not in running:
                self._roster.start(stage_actor(self._settings, self._stage, name), self._generation)
        for name in reversed(self._names[count:]):
            if name in running:
                self._roster.stop(name)

    def _running(self) -> list[str]:
        there = set(self._roster.names())
        return [name for name in self._names if name in there]


def stage_actor(settings: Settings, stage: str, name: str) -> Wanted:
    """A replica of a stage, by name."""
    options = getattr(settings.pipeline, stage)
    return Wanted(name, StageActor, (settings, stage, name), options.num_cpus, dict(options.resources))


class ScalerActor(WorkActor):
    """Runs a :class:`Scaler` over the stages whose number may change."""

    def __init__(self, settings: Settings, name: str, stages: tuple[str, ...], generation: str) -> None:
        open_log(settings, name)
        watched = {}
        for stage in stages:
            options = getattr(settings.pipeline, stage)
            rule = ReplicaRule(settings.pipeline.scaling, least=options.replicas, most=options.most_replicas)
            watched[stage] = (StageFleet(settings, stage, generation), rule)
        super().__init__(Scaler(watched, clock=time.monotonic), generation)
