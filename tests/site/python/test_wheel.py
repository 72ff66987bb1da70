"""The wheel of nets_core at its stable address, for Pythons that are not the page's."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from playwright.sync_api import Page

from blank import open_blank
from building.parts import Parts

INSTALL = """async ({ stock, micropip, wheel }) => {
  const { loadPyodide } = await import(`${stock}pyodide.mjs`);
  const pyodide = await loadPyodide({ indexURL: stock });
  await pyodide.loadPackage(micropip, { messageCallback: () => {} });
  pyodide.globals.set("wheel", wheel);
  return pyodide.runPythonAsync(`
import micropip
await micropip.install(wheel)
import numpy as np
from nets_core import Network
net = Network.mlp([784, 30, 10], seed=1)
float(net.forward(np.zeros((1, 784), np.float32)).sum())
`);
}"""


def test_micropip_installs_it_in_a_stock_pyodide(
    page: Page, serve_site: Callable[..., Any]
) -> None:
    """With NumPy as Pyodide's makers publish it, which the wheel asks for."""
    site, parts = serve_site(), Parts()
    for part in ("pyodide", "numpy", "micropip"):
        for name in parts.locked[part].files:
            site.guests[f"stock/{name}"] = parts.file(part, name).read_bytes()
    (micropip,) = parts.locked["micropip"].files
    (wheel,) = (site.root / "wheels").iterdir()
    assert wheel.name == "nets_core-0.1.0-py3-none-any.whl"
    open_blank(page, site.url)
    given = {
        "stock": f"{site.url}stock/",
        "micropip": f"{site.url}stock/{micropip}",
        "wheel": f"{site.url}wheels/{wheel.name}",
    }
    assert page.evaluate(INSTALL, given) > 0
    assert f"stock/{next(iter(parts.locked['numpy'].files))}" in site.requested
