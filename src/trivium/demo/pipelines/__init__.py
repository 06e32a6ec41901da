"""The health service's pipelines: they read, check and write real files and tell a server so, as any pipeline would."""
