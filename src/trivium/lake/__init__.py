"""Bulk rows in immutable Parquet files; a manifest in the ledger's database says which are current (design.md §6)."""
