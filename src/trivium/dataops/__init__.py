"""Whether data is healthy: checks, freshness, volume and schema of datasets."""
