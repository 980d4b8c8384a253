"""The browsable reference, in a browser that enforces our content security policy."""

import pytest

from tests.browser.watch import Watch

pytestmark = pytest.mark.browser


def test_the_reference_shows_its_operations_and_breaks_no_policy(page, live_server_processes):
    (address,) = live_server_processes(1)
    watch = Watch()
    watch.over(page, address)
    page.goto(f"{address}/api/docs")
    page.locator(".opblock-tag-section").first.wait_for(timeout=20_000)
    page.locator(".opblock-summary").first.wait_for(timeout=20_000)
    page.locator(".opblock-summary").first.click()
    page.locator(".responses-table").first.wait_for(timeout=20_000)
    assert watch.complaints == []
