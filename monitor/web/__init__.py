"""The dashboard in a browser: who is let in, what goes to and fro, and the pages. It knows no screen."""
