"""The optimiser of a phase: which parameters learn, and at which rate."""

from __future__ import annotations

from collections.abc import Iterable

from torch import nn, optim

from sightline.errors import ConfigurationError
from training.config import OptimiserConfig, Phase
from training.naming import suggestion


def freeze(system: nn.Module, children: Iterable[str]) -> None:
    """Training mode for all but the named children: those stay in evaluation mode, and their parameters do not learn.

    Raises:
        ConfigurationError: there is no such child.
    """
    system.train().requires_grad_(True)
    for name in children:
        child(system, name).eval().requires_grad_(False)


def check_parts(system: nn.Module, phases: Iterable[Phase]) -> None:
    """Whether every part that a phase names is there.

    Raises:
        ConfigurationError: one is not.
    """
    for phase in phases:
        for name in (*phase.frozen, *phase.optimiser.lr_factors):
            child(system, name)


def make_optimiser(system: nn.Module, config: OptimiserConfig) -> optim.Optimizer:
    """An optimiser of the parameters that learn, in one group for each factor of the rate; call :func:`freeze` first.

    Raises:
        ConfigurationError: no parameter learns.
    """
    by_factor: dict[float, list[nn.Parameter]] = {}
    for name, parameter in system.named_parameters():
        if parameter.requires_grad:
            by_factor.setdefault(_factor(name, config), []).append(parameter)
    if not by_factor:
        raise ConfigurationError("no parameter of the system learns: leave something out of the phase's `frozen`")
    groups = [{"params": parameters, "factor": factor} for factor, parameters in by_factor.items()]
    if config.kind == "sgd":
        return optim.SGD(groups, lr=config.lr, momentum=config.momentum, weight_decay=config.weight_decay)
    kind = optim.Adam if config.kind == "adam" else optim.AdamW
    return kind(groups, lr=config.lr, weight_decay=config.weight_decay)


def set_rate(optimiser: optim.Optimizer, rate: float) -> None:
    """The rate of each group: ``rate`` times its factor."""
    for group in optimiser.param_groups:
        group["lr"] = rate * group["factor"]


def child(system: nn.Module, name: str) -> nn.Module:
    """The child of this dotted name.

    Raises:
        ConfigurationError: there is none.
    """
    try:
        return system.get_submodule(name)
    except AttributeError as error:
        known = [known for known, _ in system.named_modules() if known]
        raise ConfigurationError(f"the system has no part {name!r}: {_near_or_top(name, known)}") from error


def _near_or_top(name: str, known: list[str]) -> str:
    near = suggestion(name, known)
    return near if near.startswith("did") else suggestion(name, [each for each in known if "." not in each])


def _factor(parameter: str, config: OptimiserConfig) -> float:
    """That of the innermost child that holds the parameter and has a factor; 1 without one."""
    holders = [name for name in config.lr_factors if parameter.startswith(f"{name}.")]
    return config.lr_factors[max(holders, key=len)] if holders else 1.0
