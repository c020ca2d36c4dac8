"""A programmable implantable drug pump that isn't there: a model with its own clock, on ports that are real."""
