"""The Compose file against the part of the Compose specification that it uses, and against the settings that the program has."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from concordat.up import STAGES
from watcher.settings import PREFIX, SECRETS, Settings

ROOT = Path(__file__).parent.parent
COMPOSE = ROOT / "docker-compose.yml"
SCHEMA = Path(__file__).parent / "data" / "compose" / "compose.schema.json"
NAME = re.compile(rf"\b{PREFIX}[A-Z][A-Z_]*")
SETTINGS = {PREFIX + name.upper() for name in Settings.model_fields}
SECRET_FILES = {f"{PREFIX}{name.upper()}_FILE" for name in SECRETS}


@pytest.fixture(scope="module")
def compose() -> dict[str, Any]:
    """The file with its merge keys resolved."""
    data: dict[str, Any] = yaml.safe_load(COMPOSE.read_text(encoding="utf-8"))
    return data


def _environment(compose: dict[str, Any], service: str) -> dict[str, str]:
    return {k: str(v) for k, v in compose["services"][service].get("environment", {}).items()}


def test_the_file_is_what_compose_takes(compose: dict[str, Any]) -> None:
    """Every key and every value has the form that the Compose specification gives it."""
    schema = json.loads(SCHEMA.read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    found = [f"{e.json_path}: {e.message}" for e in jsonschema.Draft202012Validator(schema).iter_errors(compose)]
    assert found == []


@pytest.mark.parametrize("file", ["docker-compose.yml", ".env.example", "Dockerfile"])
def test_every_name_is_a_setting(file: str) -> None:
    """A CONCORDAT_ name is a setting, or the _FILE of a secret; a misspelt one would be passed over in silence."""
    names = set(NAME.findall((ROOT / file).read_text(encoding="utf-8")))
    assert names
    assert names - SETTINGS - SECRET_FILES == set()


def test_every_service_is_there_checked_and_restarted(compose: dict[str, Any]) -> None:
    """The four stages and the two engines each have a health check and a restart policy."""
    services = compose["services"]
    assert set(services) == {*STAGES, "redis", "postgres"}
    for name, service in services.items():
        assert "test" in service["healthcheck"], name
        assert service["restart"] in {"always", "unless-stopped"}, name


def test_each_service_runs_its_own_stage(compose: dict[str, Any]) -> None:
    """`--only` names the stage of the service, and the console beside it, which answers the health check."""
    for stage in STAGES:
        command = compose["services"][stage]["command"]
        assert command[:2] == ["up", "--only"]
        assert set(command[2].split(",")) == {stage, "console"}


def test_volumes_and_neighbours_exist(compose: dict[str, Any]) -> None:
    """Every named volume and every service that another waits for is declared; every declared volume is used."""
    used = {v.split(":")[0] for s in compose["services"].values() for v in s.get("volumes", ()) if not v.startswith((".", "/"))}
    assert used == set(compose["volumes"])
    assert {d for s in compose["services"].values() for d in s.get("depends_on", {})} <= set(compose["services"])


def test_secrets_are_declared_and_used(compose: dict[str, Any]) -> None:
    """Every declared secret is given to a service, and every service's secret is declared."""
    used = {name for s in compose["services"].values() for name in s.get("secrets", ())}
    assert used == set(compose["secrets"])
    assert all("file" in source for source in compose["secrets"].values())


def test_a_service_reads_only_secrets_it_is_given(compose: dict[str, Any]) -> None:
    """Each *_FILE leads to a secret of the same service, and each secret of a service is read by one."""
    for name, service in compose["services"].items():
        files = {Path(v).name for k, v in _environment(compose, name).items() if k.endswith("_FILE")}
        assert files == set(service.get("secrets", ())), name


def test_no_secret_stands_in_the_environment(compose: dict[str, Any]) -> None:
    """Secrets come by file only; an address in the environment holds no password."""
    for name in compose["services"]:
        for key, value in _environment(compose, name).items():
            assert key.removeprefix(PREFIX).lower() not in SECRETS - {"redis_url"}, f"{name}: {key}"
            assert not re.search(r"://[^/\s]*:[^/\s]*@", value), f"{name}: {key}"


def test_only_the_notifier_has_the_telegram_token(compose: dict[str, Any]) -> None:
    """Neither the secret nor the variable reaches a service that fetches foreign pages or answers browsers."""
    given = {name for name, s in compose["services"].items() if "telegram_token" in s.get("secrets", ())}
    told = {name for name in compose["services"] if any("TELEGRAM_TOKEN" in key for key in _environment(compose, name))}
    assert given == told == {"notifier"}


def test_the_example_lists_every_secret_file(compose: dict[str, Any]) -> None:
    """Whoever copies .env.example reads the name of each file to write."""
    text = (ROOT / ".env.example").read_text(encoding="utf-8")
    assert [name for name in compose["secrets"] if name not in text] == []
