"""The golden vectors of the wire, made by the code in `protocol`: `python -m docs.vectors --write`."""
