"""What a run says of itself to machines: spans, and log lines with the ids of run, side and link."""

from __future__ import annotations

import json
import logging
import sys
from collections.abc import Iterator
from io import StringIO

import pytest
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from flows import tracing
from flows.logs import Lines
from flows.page import show_logs
from syncline.options import OURS, opened
from tests.sync.world import Make, make

__all__ = ["make"]


@pytest.fixture
def spans(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(tracing, "tracer", provider.get_tracer("syncline"))
    return exporter


@pytest.fixture
def lines() -> Iterator[StringIO]:
    """What is logged, as `SYNCLINE_LOG_FORMAT=json` writes it."""
    stream = StringIO()
    handler = logging.StreamHandler(stream)
    handler.setFormatter(Lines())
    loggers = [logging.getLogger(name) for name in ("engine", "flows")]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        logger.addHandler(handler)
        logger.setLevel(logging.DEBUG)
    yield stream
    for logger, level in zip(loggers, levels, strict=True):
        logger.removeHandler(handler)
        logger.setLevel(level)


def test_a_run_is_one_trace_of_its_steps(make: Make, spans: InMemorySpanExporter) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Fair", note="secret plans")
    report = world.run()
    found = {span.name: span for span in spans.get_finished_spans()}
    assert set(found) == {"sync it", "extract a", "extract b", "diff", "load b"}
    whole = found["sync it"]
    assert whole.attributes == {"syncline.sync": "it", "syncline.run": report.run}
    assert whole.context and all(
        span.parent and span.parent.span_id == whole.context.span_id
        for name, span in found.items()
        if name != "sync it"
    )
    assert "secret plans" not in str([span.to_json() for span in found.values()])


def test_traces_that_are_asked_for_are_sent(monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    monkeypatch.setattr(tracing, "_asked", False)
    monkeypatch.setattr(tracing, "tracer", None)
    tracing.start({})
    assert tracing.tracer is None
    monkeypatch.setitem(sys.modules, "opentelemetry.exporter.otlp.proto.http.trace_exporter", None)
    tracing.start({"OTEL_EXPORTER_OTLP_ENDPOINT": "http://127.0.0.1:9"})
    assert tracing.tracer is None and "pip install 'syncline[otel]'" in caplog.text


def test_a_line_names_run_side_and_link(make: Make, lines: StringIO) -> None:
    world = make("a", "b")
    world.apps["a"].add(name="Fair", note="secret plans")
    report = world.run()
    logging.getLogger("flows").info("after the run")
    said = [json.loads(line) for line in lines.getvalue().splitlines()]
    read, written, after = said[0], next(line for line in said if line.get("op")), said[-1]
    assert (read["sync"], read["run"], read["side"], read["level"]) == ("it", report.run, "a", "INFO")
    assert (written["side"], written["op"], written["run"]) == ("b", "create", report.run)
    assert written["link"] == world.project.store.rows(links_of())[0]["id"]
    assert "run" not in after and "secret plans" not in lines.getvalue()


def test_lines_of_other_libraries_are_left_out_since_addresses_may_hold_values(
    make: Make, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    root = logging.getLogger()
    handlers, levels = root.handlers[:], {name: logging.getLogger(name).level for name in ("", *OURS)}
    monkeypatch.setenv("SYNCLINE_LOG_LEVEL", "DEBUG")
    monkeypatch.setenv("SYNCLINE_LOG_FORMAT", "json")
    with opened(make("a", "b").root):
        show_logs()  # as a run through Prefect begins
        logging.getLogger("httpx").info("HTTP Request: GET https://app.example/find?email=ann@example.org")
        logging.getLogger("httpx").warning("a warning")
        logging.getLogger("flows.reading").debug("ours")
    root.handlers = handlers
    for name, level in levels.items():
        logging.getLogger(name).setLevel(level)
    said = [json.loads(line) for line in capsys.readouterr().err.splitlines()]
    assert [line["message"] for line in said] == ["a warning", "ours"]


def links_of():
    from sqlalchemy import select

    from engine.store.tables import links

    return select(links.c.id)
