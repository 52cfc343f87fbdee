import tomllib

import pytest

from demo import provision
from demo.broker import EMBEDDED, MOSQUITTO, Broker
from demo.places import DOORS, PIS, open_places, saved_places
from edge import config


def test_every_pi_gets_a_configuration_that_the_agent_takes(places):
    for quick in (False, True):
        for pi in PIS:
            file = places.pi(pi.device) / "edge.toml"
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(provision._toml(provision.edge_tables(pi, places, quick=quick)))
            read = config.load(file)
            assert set(read.stations) == set(pi.stations)
            assert read.agent.device == pi.device


def test_the_commune_has_one_pi_for_everything():
    assert [pi.stations for pi in PIS if pi.site == "xa"] == [("kiosk", "gate", "drop")]
    assert len([pi for pi in PIS if pi.site == "tinh"]) == 3


def test_ports_are_kept_from_one_start_to_the_next(tmp_path):
    first = open_places(tmp_path / "demo", any_ports=True)
    again = open_places(tmp_path / "demo")
    assert first.ports == again.ports == saved_places(tmp_path / "demo").ports
    assert set(first.ports) == set(DOORS)
    assert len(set(first.ports.values())) == len(DOORS)


def test_only_the_owner_looks_into_the_folder(places):
    assert places.folder.stat().st_mode & 0o777 == 0o700


@pytest.mark.parametrize("embedded", [True, False])
def test_a_broker_listens_on_loopback_only(places, embedded):
    Broker(places, embedded=embedded)
    names = {True: "embedded.toml", False: "mosquitto.conf"}
    text = (places.broker / names[embedded]).read_text()
    port = str(places.ports["broker"])
    assert f"127.0.0.1:{port}" in text or f"listener {port} 127.0.0.1" in text


def test_without_mosquitto_the_embedded_broker_is_taken(places, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setattr("demo.broker._ELSEWHERE", ())
    assert Broker(places).embedded


def test_mosquitto_asks_everybody_for_a_certificate_and_speaks_tls_1_3_only():
    for line in ("tls_version tlsv1.3", "require_certificate true", "allow_anonymous false",
                 "use_identity_as_username true", "acl_file"):  # fmt: skip
        assert line in MOSQUITTO


def test_the_embedded_broker_speaks_mqtt_5_over_tls():
    tables = tomllib.loads(EMBEDDED.format(port=1, pki="x", folder="", acl="", user=""))
    assert "tls" in tables["v5"]["1"]
