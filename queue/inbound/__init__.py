"""Mail that the world wrote to addresses of ours: taken, stored, read by followers."""
