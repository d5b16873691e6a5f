"""SHOWS AND STARTS: everything a person touches, and the composition root `serve`."""
