"""The commands of `pumpmock`: each reads its options, has the work done, and says in words and an exit code what came of it."""
