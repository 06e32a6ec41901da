"""OpenLineage (specification 2-0-2): run, dataset and job events, one at a time or in batches."""
