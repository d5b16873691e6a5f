"""The shipped, annotated configuration files, found by `importlib.resources`."""
