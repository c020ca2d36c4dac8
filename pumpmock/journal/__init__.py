"""What happened to a pump on the bench: noted, written, read again, told, compared, and asked of another pump."""
