"""Streams: recipients, run states, revisions, stopping."""
