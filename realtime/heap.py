"""What the garbage collector need not look at again and again.

A server that has started holds some hundred thousand objects for its whole life: modules, models, routes. The
collector walks all of them whenever sockets have made its youngest objects a quarter more; five thousand sockets that
come at once paid for that. Source: https://docs.python.org/3/library/gc.html#gc.freeze
"""

import gc
from typing import Final

THRESHOLDS: Final = (10_000, 20, 20)  # objects made and not freed, then collections of the generation before


def settle_heap() -> None:
    """Put aside what lives as long as the process, and look at young objects in larger numbers."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(*THRESHOLDS)
