"""OTLP/HTTP traces: bytes of an ExportTraceServiceRequest → rows of spans (opentelemetry-proto 1.x)."""
