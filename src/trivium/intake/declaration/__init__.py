"""What people declare in a TOML file: products, owners, endpoints, versions, resources, rules, aliases."""
