"""Limits on people: usage, allowances, acquaintances."""
