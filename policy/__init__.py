"""DECIDES: facts in, decisions out. Opens no socket; may await ports that it is given."""
