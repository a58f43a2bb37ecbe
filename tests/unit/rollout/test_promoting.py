"""The order of a promotion, and what is live if it dies at each step."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from sightline.errors import ConfigurationError, ModelError
from sightline.models.live import LiveModels
from sightline.rollout.catching_up import CaughtUp
from sightline.rollout.promoting import LITTLE, Steps, promote
from sightline.settings import LIVE_MODELS_FILE, load_settings
from sightline.spec import CropRule, ModelSpec, TensorSpec
from sightline.wire import Record


def spec(name: str, sha256: str = "0") -> ModelSpec:
    return ModelSpec(
        name=name,
        kind="embedder",
        inputs=(TensorSpec(name="crop", dtype="uint8", shape=(-1, 64, 32, 3)),),
        outputs=(TensorSpec(name="embedding", dtype="float32", shape=(-1, 48)),),
        crop=CropRule(size_hw=(64, 32)),
        sha256=sha256 * 64,
    )


A, B = spec("reid_a"), spec("reid_b", "1")


class Growing:
    """A topic to which so much was added each time that somebody looks."""

    def __init__(self, *grown: int) -> None:
        self._grown = grown

    @property
    def offsets(self) -> int:
        return self._grown[0] if self._grown else 0

    def records(self) -> Iterator[list[Record]]:
        yield from ()

    def rest(self) -> Growing:
        return Growing(*self._grown[1:])


class Told:
    """Writes down the steps; one of them may fail."""

    def __init__(self, live: LiveModels | None = None, *, failing: str = "") -> None:
        self.steps: list[str] = []
        self._failing = failing
        self._live = live

    def _note(self, step: str) -> None:
        if step == self._failing:
            raise ModelError(step)
        self.steps.append(step)

    def catch_up(self, recording: Growing) -> CaughtUp:
        self._note(f"catch up {recording.offsets}")
        return CaughtUp(embedded=recording.offsets)

    def remember(self) -> None:
        self._note("remember")
        if self._live is not None:
            self._live.promote(B, before=A)

    def all(self) -> Steps:
        return Steps(
            catch_up=self.catch_up,  # type: ignore[arg-type]
            compare=lambda: self._note("compare"),  # type: ignore[func-returns-value]
            accept=lambda _: self._note("accept"),
            remember=self.remember,
            deploy=lambda: self._note("deploy"),
        )


def test_it_catches_up_until_little_is_left_and_once_more_when_all_went_over() -> None:
    told = Told()
    done = promote(Growing(9000, 2000, LITTLE, 7), told.all())
    steps = ["catch up 9000", "catch up 2000", f"catch up {LITTLE}"]
    assert told.steps == [*steps, "compare", "accept", "remember", "deploy", "catch up 7"]
    assert done.embedded == 9000 + 2000 + LITTLE + 7


def test_a_stream_that_is_quicker_does_not_keep_it_for_ever() -> None:
    told = Told()
    promote(Growing(*[10_000] * 99), told.all())
    assert told.steps[-3:] == ["remember", "deploy", "catch up 10000"]
    assert len(told.steps) < 40


@pytest.mark.parametrize("failing", ["catch up 500", "compare", "accept"])
def test_before_it_is_remembered_the_former_one_is_live(tmp_path: Path, failing: str) -> None:
    live = LiveModels(tmp_path)
    live.note(A)
    with pytest.raises(ModelError):
        promote(Growing(9000, 500, 3), Told(live, failing=failing).all())
    assert live_embedder(tmp_path) == "reid_a"


def test_after_it_is_remembered_the_new_one_is_live_and_doing_it_again_finishes(tmp_path: Path) -> None:
    live = LiveModels(tmp_path)
    live.note(A)
    with pytest.raises(ModelError):
        promote(Growing(3), Told(live, failing="deploy").all())
    assert live_embedder(tmp_path) == "reid_b"
    again = Told(live)
    promote(Growing(3), again.all())
    assert again.steps[-2:] == ["deploy", "catch up 0"]
    there = live.of("embedder")
    assert there is not None
    assert there.former == "reid_a", "not itself, though it was promoted twice"


def test_what_is_live_by_itself_is_remembered_once(tmp_path: Path) -> None:
    live = LiveModels(tmp_path / "not-there-yet")
    assert live.of("embedder") is None
    live.note(A)
    live.note(B)
    assert live_embedder(tmp_path / "not-there-yet") == "reid_a"
    assert live.names() == {"reid_a"}


def test_what_a_person_set_goes_before_what_was_promoted(tmp_path: Path) -> None:
    LiveModels(tmp_path).promote(B, before=A)
    pipeline = {"embedder": {"model": "reid_mine", "max_batch_size": 3}}
    settings = load_settings(local={"state_dir": tmp_path}, pipeline=pipeline)
    assert (settings.pipeline.embedder.model, settings.pipeline.embedder.max_batch_size) == ("reid_mine", 3)
    defaults = load_settings(local={"state_dir": tmp_path}).pipeline
    assert (defaults.embedder.model, defaults.detector.max_batch_size) == ("reid_b", 4)


def test_other_weights_under_the_same_name_have_nothing_to_go_back_to(tmp_path: Path) -> None:
    live = LiveModels(tmp_path)
    live.promote(B, before=A)
    live.promote(spec("reid_b", "2"), before=B)
    there = live.of("embedder")
    assert there is not None
    assert (there.sha256, there.former) == ("2" * 64, None)


def test_a_file_that_somebody_changed_is_named(tmp_path: Path) -> None:
    (tmp_path / LIVE_MODELS_FILE).write_text("[]")
    with pytest.raises(ConfigurationError, match=LIVE_MODELS_FILE):
        LiveModels(tmp_path).names()
    with pytest.raises(ConfigurationError, match=LIVE_MODELS_FILE):
        load_settings(local={"state_dir": tmp_path})


def live_embedder(state_dir: Path) -> str | None:
    return load_settings(local={"state_dir": state_dir}).pipeline.embedder.model
