"""Column types that mean the same on SQLite and PostgreSQL."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Any

from sqlalchemy import BigInteger, Dialect, Integer, LargeBinary, Text, TypeDecorator

RowId = BigInteger().with_variant(Integer, "sqlite")  # SQLite numbers rows by itself only for INTEGER
Key = LargeBinary  # a 16-byte digest
_ENCODE = json.JSONEncoder(ensure_ascii=False, separators=(",", ":")).encode
_EPOCH, _UNIT = datetime(1970, 1, 1, tzinfo=UTC), timedelta(milliseconds=1)


class Moment(TypeDecorator[datetime]):
    """A moment in UTC, kept as whole milliseconds since 1970: small, sortable, the same in every database."""

    impl = BigInteger
    cache_ok = True

    @staticmethod
    def kept(value: datetime) -> int:
        """Milliseconds; a moment without a zone is a mistake of ours and raises ValueError."""
        if value.tzinfo is None:
            raise ValueError("a moment without a time zone reached the store")
        return (value - _EPOCH) // _UNIT

    @staticmethod
    @lru_cache(maxsize=1_000)  # what is written together has its moments in common
    def meant(value: int) -> datetime:
        """The moment, with the UTC zone."""
        return _EPOCH + _UNIT * value

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:  # noqa: ARG002
        """As `kept`."""
        return None if value is None else self.kept(value)

    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:  # noqa: ARG002
        """As `meant`."""
        return None if value is None else self.meant(value)


class Json(TypeDecorator[Any]):
    """Plain data as compact JSON text, non-ASCII kept; NULL is None."""

    impl = Text
    cache_ok = True
    kept = staticmethod(_ENCODE)
    meant = staticmethod(json.loads)

    def process_bind_param(self, value: Any, dialect: Dialect) -> str | None:  # noqa: ARG002
        """As JSON."""
        return None if value is None else self.kept(value)

    def process_result_value(self, value: str | None, dialect: Dialect) -> Any:  # noqa: ARG002
        """The data again."""
        return None if value is None else self.meant(value)
