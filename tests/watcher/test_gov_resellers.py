"""Whose product a reseller sells is found in what the notice says."""

from __future__ import annotations

import pytest

from watcher.sources.resellers import is_reseller, vendor_behind


@pytest.mark.parametrize(
    ("supplier", "text", "vendor"),
    [
        ("CARAHSOFT TECHNOLOGY CORP.", "CHATGPT ENTERPRISE LICENSES, BASE YEAR", "OpenAI"),
        ("Carahsoft Technology Corporation", "Palantir software licences", "Palantir"),
        ("FOUR POINTS TECHNOLOGY, L.L.C.", "Claude for Government, 12 months, and Azure hosting", "Anthropic, Microsoft"),
        ("SHI INTERNATIONAL CORP", "Gemini for Government seats", "Google"),
        ("CDW Government LLC", "Authorized reseller of Tanium for endpoint management on Microsoft Windows", "Tanium"),
        ("IMMIXTECHNOLOGY, INC.", "IMMIX ON BEHALF OF SNORKEL AI FOR DATA LABELLING", "SNORKEL AI"),
        ("World Wide Technology, LLC", "Manufacturer: Nvidia. DGX systems", "NVIDIA"),
        ("DLT SOLUTIONS, LLC", "Annual renewal of software maintenance", None),
        ("Softcat plc", "Licences on behalf of the department", None),
        ("OpenAI OpCo, LLC", "ChatGPT Enterprise on behalf of Microsoft", None),
        ("Carahsoft", "Cloudera resold on behalf of Carahsoft", None),
        ("", "OpenAI", None),
        ("Insight Public Sector", "IBM, Oracle, Adobe and Splunk under SAP", "IBM, Oracle, Adobe"),
        ("Four Points Technology", "Copilot for Microsoft 365 rollout", "Microsoft"),
    ],
)
def test_the_maker_behind_a_reseller(supplier: str, text: str, vendor: str | None) -> None:
    """Whom it is sold for comes first, then makers by name or product; a supplier of its own goods has nobody behind it."""
    assert vendor_behind(supplier, text) == vendor


def test_resellers_are_known_by_the_beginning_of_their_names() -> None:
    """Corporate endings and capitals do not matter; a name that only holds such a word is somebody else."""
    assert is_reseller("carahsoft technology corp")
    assert is_reseller("SHI Government Solutions, Inc.")
    assert not is_reseller("Friends of Carahsoft")
    assert not is_reseller("Shield AI")
    assert not is_reseller("Presidium")
