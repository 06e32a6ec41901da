"""Questions that need two disciplines: one file each, and none imports another."""
