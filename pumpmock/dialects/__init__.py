"""Protocols that the pump can speak: bytes in, bytes out, over one `pumpmock.device.Device`."""
