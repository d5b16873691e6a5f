"""Styles of notices that follow no RFC: a table of recognisers and of how each names its recipients."""
