"""When the reader of our output leaves, as `head` does.

Owns   making what is still to be printed go nowhere.
Knows  no verb: admin.cli.main ends them, `serve` goes on.
"""

import os
import sys


def print_to_nobody() -> None:
    """What waits in the buffer and all that follows is dropped, and the interpreter's end is quiet."""
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stdout.fileno())
    os.close(nowhere)
