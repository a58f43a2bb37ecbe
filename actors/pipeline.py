"""The stream composed: which actors there are, with which resources, and how they come and go.

Every actor is named and detached: it outlives whoever deployed it, and Ray starts it again when it dies. Deploying again
changes only what differs, so it also scales: set ``stream.workers`` and deploy. A new version comes without a pause: its
stages run beside the old ones, then each camera stream is made anew while another has its cameras. Where the cluster has no
room for both, the old ones go first, and frames wait in Kafka meanwhile.
"""

from __future__ import annotations

import logging
from typing import Any

from actors.roster import CAMERA_STREAM, SCALER, WRITER, Roster, Wanted
from actors.scaler_actor import ScalerActor, stage_actor
from actors.stages import stages_in_use
from actors.stream_actor import StreamActor
from actors.writer_actor import WriterActor
from sightline.adapters.kafka.admin import create_topics
from sightline.adapters.ray.cluster import connect
from sightline.adapters.ray.stages import GENERATION_SIGN, stage_names
from sightline.models.generation import generation_of
from sightline.models.selection import select_models
from sightline.settings import Settings

log = logging.getLogger(__name__)


def stage_actors(settings: Settings, generation: str) -> list[Wanted]:
    """The actors of the stages, as many as there are at least; none where the stages run in the camera streams."""
    if settings.pipeline.fused:
        return []
    actors = []
    for stage in stages_in_use(select_models(settings)):
        names = stage_names(settings, stage, generation)[: getattr(settings.pipeline, stage).replicas]
        actors += [stage_actor(settings, stage, name) for name in names]
    return actors


def camera_stream(settings: Settings, worker: int) -> Wanted:
    """A camera stream, by its number."""
    pipeline, name = settings.pipeline, f"{CAMERA_STREAM}-{worker}"
    return Wanted(name, StreamActor, (settings, name), pipeline.camera_stream_cpus, dict(pipeline.camera_stream_resources))


def camera_streams(settings: Settings) -> list[Wanted]:
    """All camera streams."""
    return [camera_stream(settings, worker) for worker in range(settings.stream.workers)]


def writers(settings: Settings) -> list[Wanted]:
    """All writers."""
    resources = dict(settings.pipeline.writer_resources)
    names = [f"{WRITER}-{worker}" for worker in range(settings.writer.workers)]
    return [Wanted(name, WriterActor, (settings, name), resources=resources) for name in names]


def scalers(settings: Settings) -> list[Wanted]:
    """The scaler, where there is anything to scale."""
    pipeline = settings.pipeline
    stages = () if pipeline.fused else tuple(stages_in_use(select_models(settings)))
    changing = tuple(name for name in stages if getattr(pipeline, name).most_replicas > getattr(pipeline, name).replicas)
    return (
        [Wanted(SCALER, ScalerActor, (settings, SCALER, changing), resources=dict(pipeline.writer_resources))]
        if changing
        else []
    )


def deploy(settings: Settings, *, keep_old_stages: bool = False) -> None:
    """Make the cluster run exactly the actors that the settings ask for, and wait until all answer.

    What has other settings, models or code is made anew, one after the other; what nobody asks for is stopped.

    Args:
        settings: say which actors.
        keep_old_stages: until :func:`retire`, for questions that still lean on them.

    Raises:
        ServiceUnavailable: an actor did not start.
    """
    connect(settings)
    create_topics(settings)
    roster, generation = Roster(settings), generation_of(settings)
    names = roster.names()
    running = dict.fromkeys(names) | roster.ask_all(names, "generation")
    if running.get(SCALER, generation) != generation or not scalers(settings):
        roster.stop(SCALER)
    stages = stage_actors(settings, generation)
    _make_room(roster, settings, stages)
    roster.start_all(stages, generation)
    _roll(roster, camera_streams(settings), running, generation, spare=camera_stream(settings, settings.stream.workers))
    _roll(roster, writers(settings), running, generation)
    kept = {actor.name for actor in [*camera_streams(settings), *writers(settings), *scalers(settings)]}
    for name in roster.names():
        if name not in kept and GENERATION_SIGN not in name:
            roster.stop(name)
    if not keep_old_stages:
        retire(settings)
    roster.start_all(scalers(settings), generation)


def retire(settings: Settings) -> None:
    """Stop the stage actors of other settings, models or code."""
    connect(settings)
    roster = Roster(settings)
    kept = None if settings.pipeline.fused else GENERATION_SIGN + generation_of(settings)
    for name in roster.names():
        if GENERATION_SIGN in name and (kept is None or not name.endswith(kept)):
            roster.stop(name)


def _make_room(roster: Roster, settings: Settings, stages: list[Wanted]) -> None:
    """Stop the old stages first where the cluster is too full for both, and the camera streams before them: frames wait.

    Where it would be too full even then, all goes on as it is.
    """
    names = roster.names()
    new = [actor for actor in stages if actor.name not in names]
    going = [name for name in names if GENERATION_SIGN in name and name not in {actor.name for actor in stages}]
    old = [stage_actor(settings, name.partition("-")[0], name) for name in going]
    if not old or roster.has_room(new) or not roster.has_room(new, without=old):
        return
    log.warning("the cluster has no room for new stages beside the old: frames and questions wait until they have changed")
    for name in [*(name for name in names if name.startswith((SCALER, CAMERA_STREAM))), *going]:
        roster.stop(name)


def _roll(
    roster: Roster, wanted: list[Wanted], running: dict[str, str | None], generation: str, *, spare: Wanted | None = None
) -> None:
    """Start those that are missing, and make anew, one by one, those of another generation: meanwhile the others work.

    Args:
        running: name -> generation of the actors that run; None = it does not say.
        spare: helps out while others are made anew, where the cluster has room for it; whoever calls stops it. None = nobody
            has to: it can wait.
    """
    old = [actor for actor in wanted if running.get(actor.name, generation) != generation]
    others = [actor for actor in wanted if actor not in old]
    if old and spare is not None:
        roster.stop(spare.name)
        others += [spare] if roster.has_room([spare]) else []
    roster.start_all(others, generation)
    for actor in old:
        roster.stop(actor.name)
        roster.start_all([actor], generation)


def remove(settings: Settings) -> None:
    """Stop the stream: what is on its way is finished and committed."""
    connect(settings)
    roster = Roster(settings)
    for name in roster.names():
        roster.stop(name)


def drain(settings: Settings) -> None:
    """Stop reading frames: what is on its way is finished, committed and written to the gallery; questions go on.

    Frames wait in Kafka until the stream is deployed again.
    """
    connect(settings)
    roster = Roster(settings)
    for name in roster.names():
        if name.startswith((SCALER, CAMERA_STREAM)):
            roster.stop(name)


def describe(settings: Settings) -> dict[str, Any]:
    """Each actor's own account of itself by name; ``{"state": "silent"}`` for one that does not answer."""
    connect(settings)
    roster = Roster(settings)
    names = roster.names()
    shown = {name: name.partition(GENERATION_SIGN)[0] for name in names}
    unique = {short for short in shown.values() if list(shown.values()).count(short) == 1}
    said = roster.ask_all(names, "describe")
    return {shown[name] if shown[name] in unique else name: said.get(name, {"state": "silent"}) for name in names}
