"""Whom we do not write to, by whom, why, and since when: rows of app.db, and the gate that asks them."""
