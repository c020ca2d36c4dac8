"""Trends: what was read of a pump over time, reduced to what can be drawn, and carried on by the forecast.

Pure, and without a screen: the widgets, the CSV and the SVG picture are all drawn from the same columns.
"""
