"""Actors are spread over the hosts that are for them."""

from __future__ import annotations

from collections import Counter

from actors.placement import choose_host
from sightline.adapters.ray.cluster import HostReport


def host(number: int, *, alive: bool = True, is_head: bool = False, **resources: float) -> HostReport:
    return HostReport(f"node{number}", f"10.0.0.{number}", alive, is_head, resources)


HOSTS = [host(1, is_head=True, streams=4), host(2, streams=4), host(3, stages=4), host(4, alive=False, streams=4)]


def addresses(needed: dict[str, float], count: int) -> list[str]:
    """Where so many actors of a kind come, one after the other."""
    placed: Counter[str] = Counter()
    for _ in range(count):
        chosen = choose_host(HOSTS, needed, placed)
        assert chosen is not None
        placed[chosen.address] += 1
    return sorted(placed.elements())


def test_actors_of_a_kind_go_round_the_hosts_that_are_for_them() -> None:
    assert addresses({"streams": 1}, 4) == ["10.0.0.1", "10.0.0.1", "10.0.0.2", "10.0.0.2"]
    assert addresses({"stages": 1}, 2) == ["10.0.0.3", "10.0.0.3"]


def test_the_first_goes_to_another_host_than_the_head() -> None:
    assert addresses({"streams": 1}, 1) == ["10.0.0.2"]


def test_a_new_host_has_the_next() -> None:
    chosen = choose_host([*HOSTS, host(5, streams=4)], {"streams": 1}, Counter({"10.0.0.1": 1, "10.0.0.2": 1}))
    assert chosen is not None
    assert chosen.address == "10.0.0.5"


def test_a_full_host_is_passed_over() -> None:
    hosts = [host(1, streams=1), host(2, streams=9)]
    chosen = choose_host(hosts, {"streams": 1}, Counter({"10.0.0.1": 1, "10.0.0.2": 5}))
    assert chosen is not None
    assert chosen.address == "10.0.0.2"


def test_an_actor_that_needs_nothing_or_what_nobody_has_is_left_to_ray() -> None:
    assert choose_host(HOSTS, {}, Counter()) is None
    assert choose_host(HOSTS, {"elsewhere": 1}, Counter()) is None
