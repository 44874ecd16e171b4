from typing import Final

__version__: Final[str]
HAS_LLAMA: Final[bool]
"""Whether this build runs models."""
DEBUG_BUILD: Final[bool]
"""Whether this build is without optimization; nothing that is measured with it means anything."""
