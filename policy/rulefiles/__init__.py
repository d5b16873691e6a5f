"""What the operator's rule files share: shaping.toml (policy.shaping) and bounces.toml (policy.bounces)."""
