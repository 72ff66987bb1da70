"""The parts of the commands: the build of ``dist/`` and its tools."""
