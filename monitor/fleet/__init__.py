"""Many pumps at once: who they are, one thread that reads them all, and who of them needs a hand. Knows no screen."""
