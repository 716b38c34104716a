"""All small programs that store into arrays."""

from tests.stores import programs_calls, programs_indices, programs_updates  # noqa: F401
from tests.stores.cases import CASES

__all__ = ["CASES"]
