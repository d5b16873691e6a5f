"""Sessions in a process of their own: its ports go over a socket pair."""
