"""What operators ask for: selections, orders, operations and their undoing."""
