"""The ports a pump can be plugged into: a pseudo-terminal, a TCP socket, RFC 2217, or plain memory.

Each port is a module of its own, to be imported by name: `pty` needs a POSIX system, the others run anywhere.
"""

from __future__ import annotations

from pumpmock.ports.base import Conversation, OpenConversation, Port, PortError, PortInUseError, Send

__all__ = ["Conversation", "OpenConversation", "Port", "PortError", "PortInUseError", "Send"]
