"""Spans of time as a test writes them: text with a unit, or a `timedelta`; of pump time also whole microseconds."""

from __future__ import annotations

from datetime import timedelta

from protocol.units import US_PER_H, US_PER_S, QuantityError, parse_age, parse_span

_US = timedelta(microseconds=1)
Span = str | timedelta


def span_us(span: Span) -> int:
    """Return a span in microseconds: "90 s", "5 min", "8 h", "30 days" or a `timedelta`.

    Raises:
        ValueError: where it is none, or negative.
    """
    if isinstance(span, timedelta):
        if span < timedelta():
            raise ValueError(f"{span} is negative: time runs forwards alone")
        return span // _US
    if not isinstance(span, str):
        raise QuantityError(f'{span!r} is no span of time: write "90 s", say, or a timedelta')
    if span.strip().removesuffix("s").endswith(("day", "year")):
        return parse_age(span) * US_PER_H
    return parse_span(span) * US_PER_S


def pump_span_us(span: Span | int) -> int:
    """Return a span of pump time in microseconds; an integer is one already.

    Raises:
        ValueError: where it is none, or negative.
    """
    if not isinstance(span, int):
        return span_us(span)
    if span < 0:
        raise ValueError(f"{span} us is negative: pump time runs forwards alone")
    return int(span)


def text_of(span: Span) -> str:
    """Return a span as a sentence has it."""
    return span if isinstance(span, str) else f"{span / timedelta(seconds=1):g} s"
