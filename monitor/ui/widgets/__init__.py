"""What a screen is made of: each file a pure `draw` from a moment to lines of text, and the widget that shows it."""
