"""The author's blog, made by Jekyll: the post with the demo in it, in a theme that can be switched.

The layout is the least that has what Chirpy has: a column of text, and ``data-mode`` on ``<html>``,
which a button sets and without which the reader's own preference holds.
"""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

TODO = "**TODO** demo, [credit](https://www.nathom.dev/blog/mnist/)"
LAYOUT = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{{ page.title }}</title>
<style>
  :root { --page: #fff; --text: #34343c; }
  @media (prefers-color-scheme: dark) {
    :root:not([data-mode]) { --page: #1b1b1e; --text: #afb0b1; }
  }
  [data-mode="dark"] { --page: #1b1b1e; --text: #afb0b1; }
  body { margin: 0; background: var(--page); color: var(--text); font: 17px/1.75 sans-serif; }
  main { max-width: 46rem; margin: 0 auto; padding: 1rem; overflow-wrap: anywhere; }
  img { max-width: 100%; height: auto; }
  pre, script[type="text/tikz"] { overflow-x: auto; font-size: 0.8rem; }
  a { color: #4a90d9; }
</style>
</head>
<body>
<main>
<button id="mode-toggle">Dark or light</button>
<h1>{{ page.title }}</h1>
{{ content }}
</main>
<script>
  const root = document.documentElement;
  document.getElementById("mode-toggle").addEventListener("click", () => {
    const preferred = matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light";
    const mode = root.dataset.mode ?? preferred;
    root.dataset.mode = mode === "dark" ? "light" : "dark";
  });
</script>
</body>
</html>
"""
CONFIG = """title: A blog
baseurl: /blog
permalink: /posts/:title/
timezone: America/Denver
"""
ADDRESS = "blog/posts/neural-networks-from-scratch/"
"""Where the post is on the blog's host."""


def program() -> str | None:
    """Where Jekyll is; where there is none, root on Debian installs it."""
    apt = shutil.which("apt-get")
    if shutil.which("jekyll") is None and apt and os.geteuid() == 0:
        unattended = os.environ | {"DEBIAN_FRONTEND": "noninteractive"}
        for step in ["update"], ["install", "--yes", "--no-install-recommends", "jekyll"]:
            subprocess.run([apt, *step], check=False, capture_output=True, env=unattended)
    return shutil.which("jekyll")


def write(folder: Path, post: Path, demo: str, more: str = "") -> Path:
    """Have Jekyll make the blog in ``folder``; returns what to serve.

    The post has ``demo`` in the place of its TODO, and ``more`` at its end.
    """
    text = post.read_text()
    assert text.count(TODO) == 1
    source = folder / "source"
    for name, content in {
        "_config.yml": CONFIG,
        "_layouts/post.html": LAYOUT,
        f"_posts/{post.name}": f"{text.replace(TODO, demo)}\n\n{more}\n",
    }.items():
        (source / name).parent.mkdir(parents=True, exist_ok=True)
        (source / name).write_text(content)
    made = folder / "made"
    command = [program(), "build", "--quiet", "--disable-disk-cache"]
    subprocess.run(
        [*command, "--source", str(source), "--destination", str(made / "blog")],
        check=True,
        cwd=folder,
    )
    return made
