"""The ward of the consults' tests, for documents that are held against what really happens."""

from __future__ import annotations

from tests.consults.conftest import clock, ward

__all__ = ["clock", "ward"]
