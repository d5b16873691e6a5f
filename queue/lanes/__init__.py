"""From due rows to leases: agenda, loader, fair turns of what is ready, lanes, their pump, moves between workers."""
