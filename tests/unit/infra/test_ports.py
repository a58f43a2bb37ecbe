"""Free ports."""

from __future__ import annotations

import socket

import pytest

from infra.local import ports
from sightline.errors import ConfigurationError, ServiceUnavailable


@pytest.fixture
def taken():
    """A port that somebody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def test_the_wanted_port_where_it_is_free(taken):
    free = ports.choose("127.0.0.1", {"a": 0})["a"]
    assert ports.choose("127.0.0.1", {"a": free}) == {"a": free}


def test_another_where_it_is_taken_or_promised(taken):
    free = ports.choose("127.0.0.1", {"a": 0})["a"]
    chosen = ports.choose("127.0.0.1", {"a": taken, "b": free}, avoid=[free])
    assert chosen["a"] != taken
    assert chosen["b"] != free


def test_no_port_twice():
    free = ports.choose("127.0.0.1", {"a": 0})["a"]
    chosen = ports.choose("127.0.0.1", {"a": free, "b": free, "c": 0, "d": 0})
    assert len(set(chosen.values())) == 4


def test_a_port_taken_on_loopback_is_not_free_for_every_interface(taken):
    assert not ports.is_free("0.0.0.0", taken)


def test_an_address_that_is_not_of_this_machine():
    with pytest.raises(ConfigurationError, match=r"local\.bind_host"):
        ports.choose("192.0.2.1", {"a": 12345})


def test_who_listens(taken):
    ports.require_listener("kafka", f"127.0.0.1:{taken}")
    free = ports.choose("127.0.0.1", {"a": 0})["a"]
    with pytest.raises(ServiceUnavailable, match="nobody listens"):
        ports.require_listener("kafka", f"127.0.0.1:{free}")
