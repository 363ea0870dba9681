"""Traces of runs for OpenTelemetry, where it is configured by its own variables (OTEL_EXPORTER_OTLP_ENDPOINT, ...).

Nothing of it is loaded, and nothing measured, where it is not.
"""

from __future__ import annotations

import logging
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from opentelemetry.trace import Tracer

log = logging.getLogger("flows")
ASKED = ("OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT")
tracer: Tracer | None = None
_asked = False


def start(environ: Mapping[str, str] = os.environ) -> None:
    """Sends spans to the configured collector from now on; once a process."""
    global tracer, _asked  # noqa: PLW0603 - a process has one
    if _asked or not any(environ.get(name) for name in ASKED):
        return
    _asked = True
    try:
        from opentelemetry.exporter.otlp.proto.http.trace_exporter import OTLPSpanExporter
    except ImportError:
        log.warning("Traces are asked for, and what sends them is not installed: pip install 'syncline[otel]'")
        return
    from opentelemetry import trace
    from opentelemetry.sdk.resources import Resource
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import BatchSpanProcessor

    provider = TracerProvider(resource=Resource.create({"service.name": environ.get("OTEL_SERVICE_NAME", "syncline")}))
    provider.add_span_processor(BatchSpanProcessor(OTLPSpanExporter()))
    trace.set_tracer_provider(provider)  # Prefect's own spans of flow and task runs go there too
    tracer = provider.get_tracer("syncline")


@contextmanager
def span(name: str, **attributes: str | int) -> Iterator[None]:
    """One step; attributes are names and numbers, never values of records."""
    if tracer is None:
        yield
        return
    with tracer.start_as_current_span(name, attributes={f"syncline.{key}": each for key, each in attributes.items()}):
        yield
