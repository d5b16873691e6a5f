"""Youtong (邮通): an outbound mail system. mta speaks, queue remembers, policy decides, admin shows.

A folder imports only from itself and from folders to its left: mta ◀ queue ◀ policy ◀ admin.
"""

__version__ = "0.1.0"
