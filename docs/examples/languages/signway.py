"""Signs and verifies URLs of the protocol SW1-HMAC-SHA256 with Python's standard library alone."""

import hashlib
import hmac
import re
from datetime import datetime, timedelta, timezone
from urllib.parse import quote, unquote_plus, urlsplit

ALGORITHM = "SW1-HMAC-SHA256"
KNOWN = ["Algorithm", "Credential", "Date", "Expires", "Proxy", "SignedHeaders", "Body", "Signature"]


def sign_url(*, id, secret, host, proxy_url, expiry, method, headers=None, body=None, date=None, extensions=None):
    """The signed URL. `proxy_url` is written as a browser shows it; `body` is bytes, or None for any body."""
    date = date or datetime.now(timezone.utc).strftime("%Y%m%dT%H%M%SZ")
    if not urlsplit(proxy_url).path:
        proxy_url += "/"
    signed = {name.lower(): value for name, value in (headers or {}).items()}
    if body is not None:
        signed["content-length"] = str(len(body))
    parameters = {
        "X-Sw-Algorithm": ALGORITHM,
        "X-Sw-Credential": f"{id}/{date[:8]}",
        "X-Sw-Date": date,
        "X-Sw-Expires": str(expiry),
        "X-Sw-Proxy": proxy_url,
        "X-Sw-SignedHeaders": ";".join(sorted(signed)),
        "X-Sw-Body": "false" if body is None else "true",
        **dict(sorted((extensions or {}).items())),
    }
    if "X-Sw-Methods" in parameters:
        method = "*"
    signature = _signature(secret, method.upper(), parameters, signed, body or b"", safe="")
    query = "&".join(f"{name}={quote(value, safe='')}" for name, value in parameters.items())
    return f"{host.rstrip('/')}/?{query}&X-Sw-Signature={signature}"


class Refused(Exception):
    """The code of docs/protocol.md is its message."""


def verify(*, method, url, headers, body, secrets, now, max_expiry=604800, skew=300):
    """The upstream's URL, if one of `secrets` (by the app's id) signed this request. `headers` have lower-case names."""
    parts = urlsplit(url)
    if parts.path != "/":
        raise Refused("not_found")
    parameters = _parameters(parts.query)
    missing = [name for name in KNOWN if f"X-Sw-{name}" not in parameters]
    if missing:
        raise Refused("missing_parameter")
    given = {name: parameters[f"X-Sw-{name}"] for name in KNOWN}
    if given["Algorithm"] != ALGORITHM:
        raise Refused("unsupported_algorithm")
    id, _, day = given["Credential"].partition("/")
    names = given["SignedHeaders"].split(";") if given["SignedHeaders"] else []
    try:
        date = datetime.strptime(given["Date"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc)
    except ValueError:
        raise Refused("invalid_parameter") from None
    if (
        not id
        or not re.fullmatch(r"[0-9]{8}T[0-9]{6}Z", given["Date"])
        or day != given["Date"][:8]
        or not re.fullmatch(r"0|[1-9][0-9]{0,9}", given["Expires"])
        or int(given["Expires"]) > 0xFFFFFFFF
        or not re.fullmatch(r"https?://[^/?#@\\\x00-\x20\x7f]+(?:[/?][^#\\\x00-\x20\x7f]*)?", given["Proxy"])
        or given["Body"] not in ("true", "false")
        or any(not re.fullmatch(r"[!#$%&'*+\-.^_`|~0-9a-z]+", name) for name in names)
        or len(set(names)) != len(names)
    ):
        raise Refused("invalid_parameter")
    if not re.fullmatch(r"[0-9a-f]{64}", given["Signature"]):
        raise Refused("signature_mismatch")
    expires = int(given["Expires"])
    if expires > max_expiry:
        raise Refused("expiry_too_long")
    if date > now + timedelta(seconds=skew):
        raise Refused("not_yet_valid")
    if (now - date).total_seconds() > expires:
        raise Refused("expired")
    if id not in secrets:
        raise Refused("unknown_app")
    signs_body = given["Body"] == "true"
    sent = {**headers, "content-length": headers.get("content-length", "0")} if signs_body else headers
    for name in names:
        if name not in sent:
            raise Refused("missing_signed_header")
    if signs_body and "transfer-encoding" in headers:
        raise Refused("length_required")
    signed = {name: sent[name] for name in names}
    rest = {name: value for name, value in parameters.items() if name != "X-Sw-Signature"}
    if "X-Sw-Methods" in rest:
        method = "*"
    # Signers differ in five characters: some leave them as they are.
    expected = [
        _signature(secrets[id], method, rest, signed, body if signs_body else b"", safe=safe) for safe in ("", "!'()*")
    ]
    if not any([hmac.compare_digest(given["Signature"], each) for each in expected]):
        raise Refused("signature_mismatch")
    if len(parameters) > len(KNOWN):
        raise Refused("unknown_parameter")  # unless you know it, and do what it asks
    return given["Proxy"]


def _parameters(query):
    parameters = {}
    for part in query.split("&"):
        name, _, value = part.partition("=")
        if not re.fullmatch(r"X-Sw-[A-Za-z]+", name):
            if unquote_plus(name).startswith("X-Sw-"):
                raise Refused("invalid_parameter")
            continue
        if name in parameters:
            raise Refused("duplicate_parameter")
        try:
            parameters[name] = unquote_plus(value, errors="strict")
        except UnicodeDecodeError:
            raise Refused("invalid_parameter") from None
        if re.search(r"%(?![0-9A-Fa-f]{2})", value) or re.search(r"[\x00-\x1f\x7f]", parameters[name]):
            raise Refused("invalid_parameter")
    return parameters


def _signature(secret, method, parameters, headers, body, *, safe):
    query = "&".join(f"{name}={quote(value, safe=safe)}" for name, value in sorted(parameters.items()))
    lines = "\n".join(f"{name}:{value.strip(chr(32) + chr(9))}" for name, value in sorted(headers.items()))
    canonical = f"{method}\n/\n{query}\n{lines}\n\n{';'.join(sorted(headers))}\n".encode() + body
    date = parameters["X-Sw-Date"]
    to_sign = f"{ALGORITHM}\n{date}\n{date[:8]}\n{hashlib.sha256(canonical).hexdigest()}"
    key = hmac.new((ALGORITHM + secret).encode(), date[:8].encode(), hashlib.sha256).digest()
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()
