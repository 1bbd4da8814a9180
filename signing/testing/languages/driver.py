"""Reads vectors as JSON, and says what the example makes of them."""

import json
import sys
from datetime import datetime, timezone

from signway import Refused, sign_url, verify


def text(body):
    return None if body is None else body.encode()


def verdict(case):
    request = case["request"]
    try:
        return verify(
            method=request["method"],
            url=request["url"],
            headers={name.lower(): value for name, value in request["headers"].items()},
            body=text(request["body"]) or b"",
            secrets={case["id"]: case["secret"]},
            now=datetime.strptime(case["now"], "%Y%m%dT%H%M%SZ").replace(tzinfo=timezone.utc),
        )
    except Refused as refused:
        return f"refused: {refused}"


def signed(case):
    return sign_url(proxy_url=case.pop("proxyUrl"), **{**case, "body": text(case.get("body"))})


given = json.load(sys.stdin)
json.dump({"signed": [signed(case) for case in given["sign"]], "verified": [verdict(case) for case in given["verify"]]}, sys.stdout)
