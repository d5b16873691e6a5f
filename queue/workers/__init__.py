"""Workers at both ends: the process that delivers, the fleet of them, marks, hand-over, halts, suspects."""
