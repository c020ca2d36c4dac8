"""The commands of `pump-monitor`, a file a purpose; `monitor.cli` loads the one that is called."""
