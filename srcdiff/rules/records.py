"""What makes an object of its attributes, for texts that return one."""

from srcdiff.runtime.records import remade

__all__ = ["remade"]
