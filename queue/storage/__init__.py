"""SQLite under one store class: schema, group commit, named queries."""
