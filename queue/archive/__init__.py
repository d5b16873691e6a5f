"""The archive: what has ended long ago, out of queue.db's way."""
