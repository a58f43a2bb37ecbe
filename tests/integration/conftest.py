"""Servers that let in only whom they know; each is started once, on first use."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from support.guarded_servers import GuardedServer, start_kafka, start_milvus


@pytest.fixture(scope="session")
def guarded_kafka(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    server = start_kafka(tmp_path_factory.mktemp("guarded-kafka"))
    yield server
    server.stack.down()


@pytest.fixture(scope="session")
def guarded_milvus(tmp_path_factory: pytest.TempPathFactory) -> Iterator[GuardedServer]:
    server = start_milvus(tmp_path_factory.mktemp("guarded-milvus"))
    yield server
    server.stack.down()
