"""Column types shared by the tables."""

from __future__ import annotations

from typing import Annotated

from sqlalchemy import BigInteger, Integer, LargeBinary, String
from sqlalchemy.orm import mapped_column

Uid = Annotated[str, mapped_column(String(36))]
"""A UUIDv4 in its text form, or a 32-digit hex id."""

Hash = Annotated[bytes, mapped_column(LargeBinary(32))]
"""A SHA-256, 32 raw bytes."""

Stamp = Annotated[str, mapped_column(String(24))]
"""An instant as `desktop.clock.stamp` writes it."""

Code = Annotated[str, mapped_column(String(64))]
"""A code from a list; upper case."""

Count = Annotated[int, mapped_column(BigInteger().with_variant(Integer, "sqlite"))]
"""A whole number; up to 2^53 − 1 in the formats, so 64 bits wide wherever the store tells the difference."""
