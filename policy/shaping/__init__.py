"""Shaping: how fast each provider is fed, and what its replies change; rules from shaping.toml (DESIGN §2)."""
