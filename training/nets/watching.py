"""How strongly the cells of a net's maps answer, watched while it describes people."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import ExitStack

from torch import Tensor, nn

from training.nets.pooled_trunk import activity


def watched(modules: Mapping[str, nn.Module], describe: Callable[[], object]) -> dict[str, Tensor]:
    """The activity of these modules' outputs while ``describe`` runs, by label: (N, h, w) each, of the last time that it ran.

    Args:
        modules: label -> a module whose output is a map (N, C, h, w).
        describe: runs the net; a module that it does not run has no activity.

    Raises:
        ValueError: an output is no map.
    """
    seen: dict[str, Tensor] = {}

    def watch(label: str) -> Callable[[nn.Module, object, Tensor], None]:
        def hear(_module: nn.Module, _inputs: object, output: Tensor) -> None:
            if output.ndim != 4:
                raise ValueError(f"{label}: expected a map (N, C, h, w), got {tuple(output.shape)}")
            # At once: what comes next may work in place on this very tensor.
            seen[label] = activity(output)

        return hear

    with ExitStack() as stack:
        for label, module in modules.items():
            stack.callback(module.register_forward_hook(watch(label)).remove)
        describe()
    return {label: seen[label] for label in modules if label in seen}
