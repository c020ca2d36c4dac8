"""The dashboard: what a technician sees of one pump, drawn from a snapshot and nothing else.

`app` holds the clock and the newest snapshot, `screens` arrange, `widgets` draw. A widget is given data, never a port.
"""
