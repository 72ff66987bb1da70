"""What the commands are made of: the build of ``dist/`` and the tools it stands on."""
