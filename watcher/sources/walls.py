"""Pages that stand before what was asked for: a challenge to bots, a login. They come with status 200, and are failures. Pure."""

from __future__ import annotations

import re
from collections.abc import Mapping
from urllib.parse import urlsplit

from lxml.html import HtmlElement

from watcher.errors import FetchError, FetchReason
from watcher.sources.markup import title_of

_TITLES = re.compile(
    r"(?i)^(just a moment|attention required|access (to this page has been )?denied|pardon our interruption|checking your browser|"
    r"(please )?verify(ing)? (that )?you are (a )?human|are you a robot|robot check|security check|ddos-guard|one moment, please|"
    r"human verification|request rejected|un instant|bitte warten|bot verification)"
)
_MARKS = re.compile(
    rb"_cf_chl_opt|cf-turnstile|captcha-delivery\.com|px-captcha|_Incapsula_Resource|incapsula incident id|sucuri_cloudproxy_js|gokuProps|"
    rb"awswaf\.com|distil_r_captcha|/_sec/cp_challenge|geo\.captcha|hcaptcha\.com/1/api|recaptcha/api\.js|TSPD_101|challenge-form",
    re.IGNORECASE,
)
_LITTLE = 1_500  # characters; a page with more to read than this is no challenge, whatever scripts it loads
_LOGIN = re.compile(r"(?i)(^|[/._-])(log-?in|sign-?in|sso|oauth2?|saml2?|adfs|anmelden|connexion|authenticate)([/._-]|$)")
CHALLENGE = "the host wants proof that we are no robot; use its feed or sitemap, or ask its operators to let us in"
LOGIN = "the page asks for a login; only what is open to all can be read"


def check_wall(tree: HtmlElement, body: bytes, headers: Mapping[str, str], asked: str, url: str) -> None:
    """Raises FetchError (BLOCKED) where the answer is a challenge, or the login that a redirect from `asked` to `url` led to."""
    if headers.get("cf-mitigated") == "challenge" or headers.get("x-amzn-waf-action") in {"challenge", "captcha"}:
        raise FetchError(FetchReason.BLOCKED, CHALLENGE)
    if (_TITLES.search(title_of(tree)) or _MARKS.search(body)) and _reads_little(tree):
        raise FetchError(FetchReason.BLOCKED, CHALLENGE)
    if _is_login(url) and not _is_login(asked):
        raise FetchError(FetchReason.BLOCKED, LOGIN)


def has_password(tree: HtmlElement) -> bool:
    """Whether the page has a field for a password, which many a header has as well."""
    return any(str(field.get("type") or "").lower() == "password" for field in tree.iter("input"))


def _is_login(url: str) -> bool:
    try:
        return bool(_LOGIN.search(urlsplit(url).path))
    except ValueError:
        return False


def _reads_little(tree: HtmlElement) -> bool:
    count = 0
    for element in tree.iter():
        if element.tag not in {"script", "style", "noscript", "template", "title"}:
            count += len((element.text or "").strip())
        count += len((element.tail or "").strip())
        if count > _LITTLE:
            return False
    return True
