"""The demonstration: a real server, a simulated internet, and a stream of example letters between them."""
