"""Every setting of the product, read once from the environment, from `*_FILE` secrets and from `concordat.yaml`.

The environment wins over the file. Secrets are typed so that printing them shows stars. This is the only module that reads the
environment.
"""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, SecretStr, ValidationError, field_validator, model_validator

from watcher.errors import OperatorError, SettingsError
from watcher.units import Duration, parse_duration
from watcher.yamlfile import Document, parse, suggest, validate

PREFIX = "CONCORDAT_"
DEFAULT_HOME = "concordat-home"
FILE_NAME = "concordat.yaml"


def _list(value: Any) -> Any:
    return [v for v in value.replace(",", " ").split() if v] if isinstance(value, str) else value


class Settings(BaseModel):
    """The settings of DESIGN's contract; each is `CONCORDAT_<NAME>` in the environment and `<name>` in `concordat.yaml`."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    home: Path = Path(DEFAULT_HOME)
    redis_url: SecretStr | None = None
    database_url: SecretStr | None = None
    telegram_token: SecretStr | None = None
    telegram_api_url: str = "https://api.telegram.org/bot"
    telegram_admins: tuple[int, ...] = ()
    telegram_access: Literal["open", "invite"] = "open"
    telegram_mode: Literal["polling", "webhook"] = "polling"
    smtp_url: SecretStr | None = None
    mail_from: str = "Concordat <concordat@localhost>"
    bounce_address: str = ""
    bounce_maildir: Path | None = None
    bounce_key: SecretStr | None = None
    dkim_key: SecretStr | None = None
    dkim_selector: str = "concordat"
    public_url: str = ""
    console_host: str = "127.0.0.1"
    console_port: Annotated[int, Field(ge=0, le=65535)] = 8484
    console_password: SecretStr | None = None
    builtin_sources: bool = True
    builtin_rules: bool = True
    builtin_entities: bool = True
    allow_private_addresses: bool = False
    max_age: Duration = parse_duration("48h")
    sam_api_key: SecretStr | None = None
    x_bearer_token: SecretStr | None = None
    bluesky_handle: str = ""
    bluesky_password: SecretStr | None = None
    mastodon_token: SecretStr | None = None
    log_format: Literal["console", "json"] = "console"

    @field_validator("telegram_admins", mode="before")
    @classmethod
    def _split(cls, value: Any) -> Any:
        return _list(value)

    @field_validator(
        "redis_url", "database_url", "telegram_token", "smtp_url", "bounce_key", "bounce_maildir", "dkim_key", "console_password",
        "sam_api_key", "x_bearer_token", "bluesky_password", "mastodon_token", mode="before",
    )  # fmt: skip
    @classmethod
    def _empty_is_unset(cls, value: Any) -> Any:
        return None if value == "" else value

    @field_validator("smtp_url")
    @classmethod
    def _smtp(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and urlsplit(value.get_secret_value()).scheme not in {"smtp", "smtps"}:
            raise ValueError("write smtp://user:password@host:port or smtps://…")
        return value

    @field_validator("telegram_api_url", "public_url")
    @classmethod
    def _http(cls, value: str) -> str:
        if value and urlsplit(value).scheme not in {"http", "https"}:
            raise ValueError("write an address that begins with https:// or http://")
        return value.rstrip("/")

    @model_validator(mode="after")
    def _webhook(self) -> Settings:
        if self.telegram_mode == "webhook" and urlsplit(self.public_url).scheme != "https":
            own_server = bool(self.public_url) and urlsplit(self.telegram_api_url).hostname != "api.telegram.org"
            if not own_server:
                raise ValueError(
                    "CONCORDAT_TELEGRAM_MODE is webhook: set CONCORDAT_PUBLIC_URL to the https:// address at which Telegram reaches us"
                )
        return self

    @property
    def data(self) -> Path:
        """Where everything that Concordat writes is kept."""
        return self.home / "data"

    def database(self) -> str:
        """The SQLAlchemy address of the store; SQLite under `data/` unless set."""
        if self.database_url is None:
            return f"sqlite:///{(self.data / 'concordat.db').absolute()}"
        url = self.database_url.get_secret_value()
        for short in ("postgres://", "postgresql://"):
            if url.startswith(short):
                return "postgresql+psycopg://" + url.removeprefix(short)
        return url


SECRETS = frozenset(n for n, f in Settings.model_fields.items() if "SecretStr" in str(f.annotation))


def load_settings(home: Path | None = None, environ: Mapping[str, str] | None = None) -> Settings:
    """Settings for `home` (else CONCORDAT_HOME, else ./concordat-home).

    Raises SettingsError for the environment, OperatorError with places for `concordat.yaml`.
    """
    env = os.environ if environ is None else environ
    where = home or Path(env.get(PREFIX + "HOME") or DEFAULT_HOME)
    values = {**_from_file(where / FILE_NAME), **_from_environment(env), "home": where}
    try:
        return Settings.model_validate(values)
    except ValidationError as e:
        raise SettingsError("\n".join(_say(error) for error in e.errors(include_url=False, include_input=False))) from None


def _from_environment(env: Mapping[str, str]) -> dict[str, Any]:
    values: dict[str, Any] = {}
    unknown = []
    for name, text in env.items():
        if not name.startswith(PREFIX):
            continue
        key = name.removeprefix(PREFIX).lower()
        secret = key.removesuffix("_file")
        if key.endswith("_file") and secret in SECRETS:
            values.setdefault(secret, _secret_file(name, text))
        elif key in Settings.model_fields:
            values[key] = text
        else:
            unknown.append(name)
    for name in unknown:
        hint = suggest(name, [PREFIX + f.upper() for f in Settings.model_fields])
        if hint:
            raise SettingsError(f"{name} is not a setting, {hint}")
    return values


def _secret_file(name: str, path: str) -> str:
    try:
        return Path(path).read_text(encoding="utf-8").strip()
    except (OSError, UnicodeDecodeError) as e:
        why = getattr(e, "strerror", None) or "not text"
        raise SettingsError(f"{name}: cannot read {path} ({why}); check the path and its permissions") from None


def _from_file(file: Path) -> dict[str, Any]:
    try:
        text = file.read_text(encoding="utf-8")
    except FileNotFoundError:
        return {}
    except (OSError, UnicodeDecodeError) as e:
        raise SettingsError(f"{file}: cannot be read ({getattr(e, 'strerror', None) or 'not UTF-8 text'})") from None
    document = parse(text, str(file))
    if document.data is None:
        return {}
    if not isinstance(document.data, dict):
        raise OperatorError([document.problem((), "settings are written as `name: value` lines")])
    return _checked(document, document.data)


def _checked(document: Document, data: dict[str, Any]) -> dict[str, Any]:
    problems = [document.problem(("home",), "home cannot be set in its own file", "use --home or CONCORDAT_HOME")] if "home" in data else []
    validate(document, (), {k: v for k, v in data.items() if k != "home"}, Settings, problems)
    if problems:
        raise OperatorError(problems)
    return data


def _say(error: Any) -> str:
    name = PREFIX + str(error["loc"][0]).upper() if error["loc"] else "settings"
    return f"{name}: {str(error['msg']).removeprefix('Value error, ')}"
