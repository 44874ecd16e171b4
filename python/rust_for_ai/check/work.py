"""What stages whose work is counted are made of: symbols that notice when they are looked at.

>>> Symbol(97) == Symbol(97), Symbol.of("hi")
(True, [Symbol(104), Symbol(105)])
"""

from .._rust_for_ai import Merges, Symbol

__all__ = ["Merges", "Symbol"]
