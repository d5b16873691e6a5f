"""The numbered .sql files that make app.db what it is; a number once released is never changed."""
