"""Addresses: which two are the same page, and who stands behind one. Pure."""

from __future__ import annotations

import ipaddress
import re
from functools import lru_cache
from urllib.parse import parse_qsl, urlencode, urljoin, urlsplit, urlunsplit

from publicsuffixlist import PublicSuffixList

# query parameters that say where a reader came from, never which page it is
_TRACKING = re.compile(
    r"^(utm_\w+|mtm_\w+|pk_\w+|hsa_\w+|ga_\w+|_hs\w+|fbclid|gclid|dclid|gbraid|wbraid|msclkid|yclid|twclid|igshid|mc_[ce]id|mkt_tok|"
    r"oly_(anon|enc)_id|vero_id|wickedid|rb_clickid|s_cid|cmpid|ncid|at_(campaign|medium|custom\d)|xtor|spm|ref_src|feature|"
    r"__twitter_impression|guce_\w+|trk|trkcampaign|sr_share|ito|soc_(src|trk)|src|source|medium|campaign|partner|rss)$",
    re.IGNORECASE,
)
# spaces, controls, bidirectional marks and lone surrogates: in no address that a browser would show, and trouble everywhere else
_UNSAFE = re.compile(r"[\x00-\x20\x7f-\xa0\u200b-\u200f\u202a-\u202e\u2060-\u2069\ud800-\udfff\ufeff]")
_ENCODED = str.maketrans({"<": "%3C", ">": "%3E", '"': "%22", "`": "%60"})  # as browsers do; and no address is ever markup
# what is a whole address already, and the same after it was resolved against any other
WHOLE = re.compile(r"https?://[a-z0-9](?:[a-z0-9.-]*[a-z0-9])?(?::\d+)?/[A-Za-z0-9._~%+,=!@/-]*(?:\?[A-Za-z0-9._~%+,=!@/:&-]+)?", re.ASCII)
# the host without `www.` and the path of everyday addresses, in which nothing else needs to be looked at
_PLAIN = re.compile(r"https?://(?:www\.)?(?!www\.)([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)(/[A-Za-z0-9._~%+,=!@/-]*)", re.ASCII)
_HOST = re.compile(r"https?://([a-z0-9](?:[a-z0-9.-]*[a-z0-9])?)[/?#]", re.ASCII)
_DEFAULT_PORTS = {"http": 80, "https": 443}


def absolute(url: str, base: str) -> str:
    """`url` resolved against `base` when it is http(s) afterwards, else an empty string: no other scheme is ever followed or shown."""
    if WHOLE.fullmatch(url):
        return url
    url = _UNSAFE.sub("", url)
    try:
        joined = urljoin(base, url) if base else url
        parts = urlsplit(joined)
    except ValueError:
        return ""
    if parts.scheme not in {"http", "https"} or not parts.hostname:
        return ""
    return f"{parts.scheme}{joined[len(parts.scheme) :]}".translate(_ENCODED)


def canonical(url: str) -> str:
    """A key for comparing pages: scheme, `www.`, default port, fragment, trailing slash and tracking parameters do not count."""
    plain = _PLAIN.fullmatch(url)
    if plain is not None and "//" not in plain[2] and not plain[2].endswith((".htm", ".html", ".php")):
        return plain[1] + plain[2].removesuffix("/")
    try:
        parts = urlsplit(url.strip())
        host = (parts.hostname or "").rstrip(".")
        port = parts.port
    except ValueError:
        return url.strip()
    if not host:
        return url.strip()
    if port is not None and port != _DEFAULT_PORTS.get(parts.scheme):
        host = f"{host}:{port}"
    query = [(k, v) for k, v in parse_qsl(parts.query, keep_blank_values=True) if not _TRACKING.match(k)]
    path = re.sub(r"/(index\.(html?|php))?$", "", re.sub(r"/{2,}", "/", parts.path))
    return urlunsplit(("", host.removeprefix("www."), path, urlencode(sorted(query)), "")).removeprefix("//")


@lru_cache(maxsize=1)
def _suffixes() -> PublicSuffixList:
    return PublicSuffixList()


@lru_cache(maxsize=10_000)
def registrable(host: str) -> str:
    """The domain that somebody registered (`lbl.gov` of `newscenter.lbl.gov`); an address or a bare name stands for itself."""
    name = host.lower().strip("[]").rstrip(".")
    try:
        return str(ipaddress.ip_address(name))
    except ValueError:
        return _suffixes().privatesuffix(name) or name


def host_of(url: str) -> str:
    """The host of an address in lower case, or an empty string."""
    plain = _HOST.match(url)
    if plain is not None:
        return plain[1]
    try:
        return urlsplit(url).hostname or ""
    except ValueError:
        return ""


@lru_cache(maxsize=20_000)
def site_of(url: str) -> str:
    """Who is asked when `url` is: the registrable domain; of a bare IP address each port stands for itself, as another server would."""
    try:
        parts = urlsplit(url)
        host, port = parts.hostname or "", parts.port
    except ValueError:
        return ""
    site = registrable(host)
    return f"{site}:{port or _DEFAULT_PORTS.get(parts.scheme, 0)}" if _is_address(site) else site


@lru_cache(maxsize=10_000)
def _is_address(host: str) -> bool:
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


_LINK = re.compile(r"<([^<>]*)>([^<]*)")
_REL = re.compile(r";\s*rel\s*=\s*(?:\"([^\"]*)\"|([^\s;,\"]+))", re.IGNORECASE)


def linked(header: str, rel: str, base: str) -> str:
    """The address that a Link header (RFC 8288) gives for a relation such as `next`, or an empty string."""
    for target, rest in _LINK.findall(header[:16_000]):
        found = _REL.search(rest)
        if found and rel in (found[1] or found[2] or "").lower().split():
            return absolute(target, base)
    return ""


def origin_of(url: str) -> str:
    """Scheme, host and port as one address without a path, or an empty string: who a secret may be told."""
    try:
        parts = urlsplit(url)
        host, port = (parts.hostname or "").lower(), parts.port
    except ValueError:
        return ""
    if not host or parts.scheme not in _DEFAULT_PORTS:
        return ""
    host = f"[{host}]" if ":" in host else host
    return f"{parts.scheme}://{host}" + (f":{port}" if port is not None and port != _DEFAULT_PORTS[parts.scheme] else "")


def outlet_of(url: str, source: str) -> str:
    """Who is speaking: the registrable domain of the link, else the source's id."""
    host = host_of(url)
    return registrable(host) if host else source
