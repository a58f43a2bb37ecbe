"""The addresses of the running stack as a layer of settings, and the records behind it."""

from __future__ import annotations

import pytest

from infra.local.endpoints import read_layer, with_addresses, without_addresses, write_api_url, write_layer
from infra.local.records import SERVICES_FILE, ServiceRecord, read_records, write_records
from sightline.errors import ConfigurationError
from sightline.settings import load_settings

KAFKA = {"kafka": {"bootstrap_servers": "127.0.0.1:9092"}}
TRITON = {"triton": {"url": "127.0.0.1:8101", "metrics_url": "http://127.0.0.1:8102/metrics"}}


def test_the_settings_read_what_up_wrote(tmp_path):
    write_layer(tmp_path, [KAFKA, TRITON])
    settings = load_settings(local={"state_dir": tmp_path})
    assert settings.kafka.bootstrap_servers == "127.0.0.1:9092"
    assert settings.triton.url == "127.0.0.1:8101"


def test_nothing_runs_no_file(tmp_path):
    write_layer(tmp_path, [KAFKA])
    write_layer(tmp_path, [])
    assert list(tmp_path.iterdir()) == []
    assert read_layer(tmp_path) == {}


def test_the_servers_and_the_api_do_not_overwrite_one_another(tmp_path):
    write_layer(tmp_path, [KAFKA])
    write_api_url(tmp_path, "http://127.0.0.1:8000")
    write_layer(tmp_path, [KAFKA, TRITON])
    assert read_layer(tmp_path) == {**KAFKA, **TRITON, "serving": {"url": "http://127.0.0.1:8000"}}
    write_api_url(tmp_path, None)
    assert read_layer(tmp_path) == {**KAFKA, **TRITON}


def test_an_address_that_a_person_set_stays(tmp_path):
    settings = load_settings(local={"state_dir": tmp_path}, kafka={"bootstrap_servers": "kafka.example:9092"})
    filled = with_addresses(settings, {**KAFKA, **TRITON})
    assert filled.kafka.bootstrap_servers == "kafka.example:9092"
    assert filled.triton.url == "127.0.0.1:8101"
    assert without_addresses(filled, {**KAFKA, **TRITON}) == settings


RECORD = ServiceRecord(pid=1, birth="b/1", start_time=1.0, ports={"broker": 9092}, log="kafka.log", addresses=KAFKA)


def test_records_round_trip(tmp_path):
    assert read_records(tmp_path) == {}
    write_records(tmp_path, {"kafka": RECORD})
    assert read_records(tmp_path) == {"kafka": RECORD}


@pytest.mark.parametrize("text", ["", "{", "[]", '{"kafka": {"pid": 1}}', '{"kafka": 1}'])
def test_damaged_records_are_named(tmp_path, text):
    (tmp_path / SERVICES_FILE).write_text(text)
    with pytest.raises(ConfigurationError, match=SERVICES_FILE):
        read_records(tmp_path)
