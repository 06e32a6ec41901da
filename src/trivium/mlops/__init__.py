"""How models come to be and how they do: experiments, runs, versions, endpoints, traces, drift (MLOps)."""
