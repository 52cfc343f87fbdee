"""axe-core in every page: what WCAG 2.2 AA forbids is a line of text, and there are none."""

import pytest
from axe_playwright_python.base import AXE_SCRIPT

RULES = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
LAYOUT = ["button-name", "color-contrast", "scrollable-region-focusable", "target-size"]
"""What the size of the screen or of the text can change on a page whose parts stay the same."""
RUN = """async (only) => {
  const found = await axe.run({ runOnly: only, resultTypes: ["violations"] });
  return found.violations.flatMap((rule) => rule.nodes.map((node) =>
    `${rule.id}: ${node.target.join(" ")}: ${node.any.concat(node.all, node.none)
      .map((check) => check.message).join("; ")}`));
}"""


@pytest.fixture
def axe():
    """Return a function from a page to what is wrong with it for people with disabilities."""

    async def findings(page, *, layout=False):
        if not await page.evaluate("typeof axe === 'object'"):
            await page.evaluate(AXE_SCRIPT)
        return await page.evaluate(RUN, {"type": "rule", "values": LAYOUT} if layout else RULES)

    return findings
