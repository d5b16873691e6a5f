"""SPEAKS: wire formats and sockets. Knows no database, no retry, no account, no campaign."""
