"""The ladder: what a frame goes without, so that a model that does not answer neither loses nor delays it.

Dense coordinates go first, then key points; detector and embedder cannot be gone without. A stage whose model fails, or is
slower than its share of time, is *off*: frames go on at once without it, each is counted with the reason, and the model is
asked in the background until it answers; then the stage is on again, by itself.
"""

from __future__ import annotations

import asyncio
import logging
from collections import Counter
from collections.abc import Awaitable, Callable, Mapping
from enum import StrEnum
from typing import Protocol, TypeVar

from sightline.errors import ModelError, SightlineError
from sightline.telemetry import DegradationMetrics

log = logging.getLogger(__name__)

T = TypeVar("T")

Probe = Callable[[], Awaitable[object]]
"""The smallest call of a stage; raises what the stage raises."""

_FIRST_PAUSE_S, _LONGEST_PAUSE_S = 0.5, 10.0
_PROBE_S = 5.0

_HURRIED = 3
"""So many calls in a row that had less than their share of time, and got no answer, are the model's fault."""


class Reason(StrEnum):
    """Why something went on without a stage's answer. The values are metric labels."""

    UNAVAILABLE = "unavailable"
    """The model is not there, or its server does not answer."""
    REFUSED = "refused"
    """The model breaks its contract, or does not take what it is given."""
    TOO_SLOW = "too_slow"
    """It did not answer in its share of time."""
    LATE = "late"
    """The frame was too old already: for this stage alone; the stage stays on."""


class Ask(Protocol):
    """How a stage that can be gone without is asked."""

    async def __call__(self, stage: str, call: Callable[[], Awaitable[T]]) -> T | None:
        """What ``call`` gives; None = to be gone without."""
        ...


async def ask_plainly(stage: str, call: Callable[[], Awaitable[T]]) -> T | None:
    """Nothing is gone without: what ``call`` raises is raised. ``stage`` is only for the protocol's sake."""
    return await call()


class Degradations:
    """Counts what was gone without: in the metrics, and for whoever asks."""

    def __init__(self, metrics: DegradationMetrics) -> None:
        self._metrics = metrics
        self._counts: dict[str, Counter[str]] = {}
        self._off: dict[str, Reason] = {}

    def missed(self, stage: str, reason: Reason) -> None:
        """A frame or a question went on without this stage."""
        self._counts.setdefault(stage, Counter())[reason] += 1
        self._metrics.missed.labels(stage, reason).inc()

    def turned(self, stage: str, reason: Reason | None) -> None:
        """The stage is off for this reason; None = on."""
        if reason is None:
            self._off.pop(stage, None)
        else:
            self._off[stage] = reason
        self._metrics.off.labels(stage).set(reason is not None)

    def describe(self) -> dict[str, dict[str, object]]:
        """Stage -> ``{"off": reason or None, "missed": {reason: count}}``, of stages that were ever gone without."""
        stages = sorted({*self._counts, *self._off})
        return {
            stage: {"off": self._off.get(stage), "missed": {str(why): n for why, n in self._counts.get(stage, {}).items()}}
            for stage in stages
        }


class Ladder:
    """The stages that can be gone without. Used on one event loop; close it there.

    Args:
        probes: stage -> its smallest call, for the stages there are.
        degradations: hears what is missed, and which stages are off.
        first_pause_s: before a stage that is off is asked again; each further pause is twice as long, until it answers a frame.
    """

    def __init__(
        self, probes: Mapping[str, Probe], degradations: Degradations, *, first_pause_s: float = _FIRST_PAUSE_S
    ) -> None:
        self._rungs = {stage: _Rung(stage, probe, degradations, first_pause_s) for stage, probe in probes.items()}

    async def ask(self, stage: str, call: Callable[[], Awaitable[T]], *, within_s: float, share_s: float = 0.0) -> T | None:
        """What ``call`` gives within that time; None, counted, where it fails, takes longer, or the stage is off.

        Args:
            within_s: what is left; 0 or less = the frame is late.
            share_s: what the stage may take. With less than that left, that there is no answer says little of the model: the
                frame counts as late, and only :data:`_HURRIED` such calls in a row turn the stage off.
        """
        return await self._rungs[stage].ask(call, within_s, hurried=within_s < share_s)

    async def aclose(self) -> None:
        """Ask no more; by this name, so that ``contextlib.aclosing`` does it."""
        for rung in self._rungs.values():
            await rung.close()


class _Rung:
    """One stage of the ladder."""

    def __init__(self, stage: str, probe: Probe, degradations: Degradations, first_pause_s: float) -> None:
        self._stage = stage
        self._probe = probe
        self._degradations = degradations
        self._first_pause_s = self._pause_s = first_pause_s
        self._off: Reason | None = None
        self._returning: asyncio.Task[None] | None = None
        self._hurried = 0
        degradations.turned(stage, None)

    async def ask(self, call: Callable[[], Awaitable[T]], within_s: float, *, hurried: bool) -> T | None:
        missed = self._off or (Reason.LATE if within_s <= 0 else None)
        if missed is None:
            try:
                async with asyncio.timeout(within_s):
                    answer = await call()
            except (SightlineError, TimeoutError) as error:
                self._hurried += hurried
                late = isinstance(error, TimeoutError) and hurried and self._hurried < _HURRIED
                missed = Reason.LATE if late else _reason(error)
                if not late:
                    self._step_off(missed, str(error) or f"no answer within {within_s:.2f} s")
            else:
                self._pause_s, self._hurried = self._first_pause_s, 0
                return answer
        self._degradations.missed(self._stage, missed)
        return None

    async def close(self) -> None:
        if self._returning is not None:
            self._returning.cancel()
            await asyncio.gather(self._returning, return_exceptions=True)

    def _step_off(self, reason: Reason, detail: str) -> None:
        """Calls that were on their way together step off once."""
        if self._off is None:
            log.warning("the stage %s is off (%s: %s): frames go on without it", self._stage, reason, detail)
            self._off = reason
            self._degradations.turned(self._stage, reason)
            self._returning = asyncio.get_running_loop().create_task(self._come_back())

    async def _come_back(self) -> None:
        while not await self._answers_after_a_pause():
            continue
        log.info("the stage %s is on again", self._stage)
        self._off, self._hurried = None, 0
        self._degradations.turned(self._stage, None)

    async def _answers_after_a_pause(self) -> bool:
        await asyncio.sleep(self._pause_s)
        self._pause_s = min(2 * self._pause_s, _LONGEST_PAUSE_S)
        try:
            async with asyncio.timeout(_PROBE_S):
                await self._probe()
        except (SightlineError, TimeoutError):
            return False
        return True


def _reason(error: Exception) -> Reason:
    if isinstance(error, TimeoutError):
        return Reason.TOO_SLOW
    return Reason.REFUSED if isinstance(error, ModelError) else Reason.UNAVAILABLE
