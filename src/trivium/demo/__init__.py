"""A small regional health service to look at: two products with pipelines, models, endpoints and a bill."""
