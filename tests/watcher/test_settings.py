"""Settings: where they come from, which wins, and what is said when one is wrong."""

from __future__ import annotations

from pathlib import Path

import pytest

from watcher.errors import OperatorError, SettingsError
from watcher.settings import SECRETS, load_settings

TOKEN = "12345:" + "x" * 35


def test_environment_wins_over_the_file(tmp_path: Path) -> None:
    """The same setting in both places has the environment's value."""
    (tmp_path / "concordat.yaml").write_text("max_age: 2d\nconsole_port: 9000\n")
    settings = load_settings(tmp_path, {"CONCORDAT_CONSOLE_PORT": "9001"})
    assert (settings.console_port, settings.max_age.days) == (9001, 2)


def test_secrets_come_from_files_too(tmp_path: Path) -> None:
    """CONCORDAT_X_FILE is read for every secret X, without its line end."""
    file = tmp_path / "token"
    file.write_text(TOKEN + "\n")
    settings = load_settings(tmp_path, {"CONCORDAT_TELEGRAM_TOKEN_FILE": str(file)})
    assert settings.telegram_token is not None
    assert settings.telegram_token.get_secret_value() == TOKEN


def test_printing_settings_shows_no_secret(tmp_path: Path) -> None:
    """repr and str of the settings hold stars where secrets are."""
    secret = "smtp://user:hunter22@mail.example.org"
    settings = load_settings(tmp_path, {"CONCORDAT_TELEGRAM_TOKEN": TOKEN, "CONCORDAT_SMTP_URL": secret})
    assert TOKEN not in f"{settings!r}{settings}"
    assert "hunter22" not in f"{settings!r}{settings}"
    assert {"telegram_token", "smtp_url", "redis_url", "database_url", "console_password", "sam_api_key"} < SECRETS


def test_wrong_values_are_named_without_being_shown(tmp_path: Path) -> None:
    """Every wrong setting is named in one error; a secret's value is not repeated in it."""
    env = {"CONCORDAT_SMTP_URL": "http://u:hunter22@h", "CONCORDAT_CONSOLE_PORT": "many", "CONCORDAT_MAX_AGE": "soon"}
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path, env)
    said = str(caught.value)
    assert all(name in said for name in env)
    assert "hunter22" not in said


def test_a_misspelt_variable_is_answered_with_the_right_one(tmp_path: Path) -> None:
    """A variable that is almost a setting is an error, not silence."""
    with pytest.raises(SettingsError, match="CONCORDAT_TELEGRAM_TOKEN"):
        load_settings(tmp_path, {"CONCORDAT_TELEGRAM_TOKN": "x"})


def test_mistakes_in_the_file_have_places(tmp_path: Path) -> None:
    """concordat.yaml is checked like every operator's file."""
    (tmp_path / "concordat.yaml").write_text("max_age: 3\nconsole_prt: 1\n")
    with pytest.raises(OperatorError) as caught:
        load_settings(tmp_path, {})
    said = str(caught.value)
    assert "concordat.yaml:1:10" in said
    assert "concordat.yaml:2:14" in said
    assert "did you mean 'console_port'?" in said


def test_the_database_is_sqlite_under_data_unless_set(tmp_path: Path) -> None:
    """Both forms of a PostgreSQL address are understood."""
    assert load_settings(tmp_path, {}).database() == f"sqlite:///{tmp_path / 'data' / 'concordat.db'}"
    given = load_settings(tmp_path, {"CONCORDAT_DATABASE_URL": "postgres://u:p@h/d"})
    assert given.database() == "postgresql+psycopg://u:p@h/d"
