"""Money: charges find their bearers, flow along the graph by the tank rule, and every statement sums to the bill."""
