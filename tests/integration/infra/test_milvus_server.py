"""The Milvus servers of the local stack: both kinds keep rows over a crash and listen on loopback alone."""

from __future__ import annotations

import subprocess

import numpy as np
import psutil
import pytest
from pymilvus import DataType, MilvusClient

pytestmark = pytest.mark.stack

DIMENSION = 16


def _new_collection(uri: str, name: str) -> MilvusClient:
    client = MilvusClient(uri=uri)
    schema = client.create_schema(auto_id=False)
    schema.add_field("id", DataType.VARCHAR, is_primary=True, max_length=64)
    schema.add_field("vector", DataType.FLOAT_VECTOR, dim=DIMENSION)
    index = client.prepare_index_params()
    index.add_index("vector", index_type="FLAT", metric_type="COSINE")
    client.create_collection(name, schema=schema, index_params=index)
    return client


def _rows(count: int) -> list[dict[str, object]]:
    vectors = np.random.default_rng(0).standard_normal((count, DIMENSION), dtype=np.float32)
    return [{"id": f"row-{index}", "vector": vector.tolist()} for index, vector in enumerate(vectors)]


@pytest.mark.parametrize("name", ["milvus-lite", "milvus-standalone"])
def test_acknowledged_rows_survive_a_crash(private_stack, name):
    private = private_stack(name)
    uri = private.settings.milvus.uri
    rows = _rows(200)
    client = _new_collection(uri, "kept")
    client.insert("kept", rows)
    client.close()
    private.kill(name)
    private.revive()
    client = MilvusClient(uri=uri)  # the same port: clients need not be told
    client.load_collection("kept")
    found = client.search("kept", [rows[7]["vector"]], limit=1, anns_field="vector", consistency_level="Strong")
    assert found[0][0]["id"] == "row-7"
    assert len(client.query("kept", filter='id != ""', limit=500, consistency_level="Strong")) == len(rows)
    client.close()


@pytest.mark.parametrize("name", ["milvus-lite", "milvus-standalone"])
def test_it_listens_on_loopback_alone(session_servers, name):
    session_servers.need(name)
    record = session_servers.started[name].record("milvus")
    family = [psutil.Process(record.pid), *psutil.Process(record.pid).children(recursive=True)]
    pids = {process.pid for process in family}
    # Of the machine's own network: what the standalone server opens within its private one nobody outside can reach.
    listening = [entry for entry in psutil.net_connections("tcp") if entry.status == "LISTEN" and entry.pid in pids]
    assert {entry.laddr.ip.removeprefix("::ffff:") for entry in listening} == {"127.0.0.1"}
    assert {entry.laddr.port for entry in listening} == set(record.ports.values())


def test_the_standalone_server_has_a_network_of_its_own(session_servers):
    session_servers.need("milvus-standalone")
    record = session_servers.started["milvus-standalone"].record("milvus")
    server = psutil.Process(record.pid).children()[0]
    networks = [subprocess.check_output(["readlink", f"/proc/{pid}/ns/net"]) for pid in (server.pid, psutil.Process().pid)]
    assert networks[0] != networks[1]
