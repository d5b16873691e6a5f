"""A host that answers nothing, not even the wish to connect.

Owns   a listening socket whose queue is full: the kernel then lets further SYN packets go unanswered, and whoever
       connects runs into its own time-out.
"""

import socket

_FILLERS = 3  # the shortest queue holds one connection; a kernel may round it up


class SilentHost:
    """Listens at an address until `close`. Raises OSError when it cannot be had."""

    def __init__(self, address: str, port: int) -> None:
        family = socket.AF_INET6 if ":" in address else socket.AF_INET
        self._sockets = [socket.socket(family, socket.SOCK_STREAM) for _ in range(1 + _FILLERS)]
        listener, *fillers = self._sockets
        try:
            listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            listener.bind((address, port))
            listener.listen(0)
            for filler in fillers:
                filler.setblocking(False)
                filler.connect_ex((address, port))
        except OSError:
            self.close()
            raise

    def close(self) -> None:
        """Safe more than once."""
        for each in self._sockets:
            each.close()
