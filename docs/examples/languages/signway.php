<?php

declare(strict_types=1);

// Signs and verifies URLs of the protocol SW1-HMAC-SHA256 with PHP alone.

namespace Signway;

const ALGORITHM = 'SW1-HMAC-SHA256';
const KNOWN = [
    'X-Sw-Algorithm', 'X-Sw-Credential', 'X-Sw-Date', 'X-Sw-Expires',
    'X-Sw-Proxy', 'X-Sw-SignedHeaders', 'X-Sw-Body', 'X-Sw-Signature',
];

/** The code of docs/protocol.md is its message. */
final class Refused extends \RuntimeException
{
}

/** The signed URL. `$proxyUrl` is written as a browser shows it; `$body` is null for any body. */
function signUrl(
    string $id,
    string $secret,
    string $host,
    string $proxyUrl,
    int $expiry,
    string $method,
    array $headers = [],
    ?string $body = null,
    ?string $date = null,
    array $extensions = [],
): string {
    $date ??= gmdate('Ymd\THis\Z');
    if ((parse_url($proxyUrl, PHP_URL_PATH) ?? '') === '') {
        $proxyUrl .= '/';
    }
    $signed = array_change_key_case($headers);
    if ($body !== null) {
        $signed['content-length'] = (string) strlen($body);
    }
    ksort($signed, SORT_STRING);
    ksort($extensions, SORT_STRING);
    $parameters = [
        'X-Sw-Algorithm' => ALGORITHM,
        'X-Sw-Credential' => $id . '/' . substr($date, 0, 8),
        'X-Sw-Date' => $date,
        'X-Sw-Expires' => (string) $expiry,
        'X-Sw-Proxy' => $proxyUrl,
        'X-Sw-SignedHeaders' => implode(';', array_keys($signed)),
        'X-Sw-Body' => $body === null ? 'false' : 'true',
        ...$extensions,
    ];
    $method = isset($parameters['X-Sw-Methods']) ? '*' : strtoupper($method);
    $signature = signature($secret, $method, $parameters, $signed, $body ?? '');
    return rtrim($host, '/') . '/?' . query($parameters) . '&X-Sw-Signature=' . $signature;
}

/**
 * The upstream's URL, if one of `$secrets` (by the app's id) signed this request. `$headers` have lower-case names,
 * `$now` is in seconds.
 */
function verify(
    string $method,
    string $url,
    array $headers,
    string $body,
    array $secrets,
    int $now,
    int $maxExpiry = 604800,
    int $skew = 300,
): string {
    [$target, $query] = explode('?', $url, 2) + [1 => ''];
    if (preg_replace('~^https?://[^/]+~', '', $target) !== '/') {
        throw new Refused('not_found');
    }
    $given = parameters($query);
    if (array_diff(KNOWN, array_keys($given)) !== []) {
        throw new Refused('missing_parameter');
    }
    [$algorithm, $credential, $date, $expires, $proxy, $signedHeaders, $signsBody, $mac] =
        array_map(fn (string $name) => $given[$name], KNOWN);
    if ($algorithm !== ALGORITHM) {
        throw new Refused('unsupported_algorithm');
    }
    [$id, $day] = explode('/', $credential, 2) + [1 => ''];
    $names = $signedHeaders === '' ? [] : explode(';', $signedHeaders);
    $at = \DateTimeImmutable::createFromFormat('!Ymd\THis\Z', $date, new \DateTimeZone('UTC'));
    if (
        $id === '' || $day !== substr($date, 0, 8)
        // 30 February rolls over.
        || $at === false || $at->format('Ymd\THis\Z') !== $date
        || !preg_match('/^(?:0|[1-9][0-9]{0,9})$/D', $expires)
        || (int) $expires > 0xffffffff
        || !preg_match('~^https?://[^/?#@\\\\\x00-\x20\x7f]+(?:[/?][^#\\\\\x00-\x20\x7f]*)?$~D', $proxy)
        || !in_array($signsBody, ['true', 'false'], true)
        || $names !== array_unique($names)
        || preg_grep('/^[!#$%&\'*+\-.^_`|~0-9a-z]+$/D', $names) !== $names
    ) {
        throw new Refused('invalid_parameter');
    }
    $sent = $signsBody === 'true' ? $headers + ['content-length' => '0'] : $headers;
    $signed = array_intersect_key($sent, array_flip($names));
    $code = match (true) {
        !preg_match('/^[0-9a-f]{64}$/D', $mac) => 'signature_mismatch',
        (int) $expires > $maxExpiry => 'expiry_too_long',
        $at->getTimestamp() > $now + $skew => 'not_yet_valid',
        $now > $at->getTimestamp() + (int) $expires => 'expired',
        !isset($secrets[$id]) => 'unknown_app',
        count($signed) !== count($names) => 'missing_signed_header',
        $signsBody === 'true' && isset($headers['transfer-encoding']) => 'length_required',
        default => null,
    };
    if ($code !== null) {
        throw new Refused($code);
    }
    $rest = array_diff_key($given, ['X-Sw-Signature' => '']);
    $method = isset($rest['X-Sw-Methods']) ? '*' : $method;
    $covered = $signsBody === 'true' ? $body : '';
    // Signers differ in five characters: some leave them as they are.
    $strict = hash_equals(signature($secrets[$id], $method, $rest, $signed, $covered), $mac);
    $component = hash_equals(signature($secrets[$id], $method, $rest, $signed, $covered, left: "!'()*"), $mac);
    if (!$strict && !$component) {
        throw new Refused('signature_mismatch');
    }
    if (count($given) > count(KNOWN)) {
        throw new Refused('unknown_parameter'); // unless you know it, and do what it asks
    }
    return $proxy;
}

function parameters(string $query): array
{
    $found = [];
    foreach (explode('&', $query) as $part) {
        [$name, $value] = explode('=', $part, 2) + [1 => ''];
        if (!preg_match('/^X-Sw-[A-Za-z]+$/D', $name)) {
            if (str_starts_with(urldecode($name), 'X-Sw-')) {
                throw new Refused('invalid_parameter');
            }
            continue;
        }
        if (isset($found[$name])) {
            throw new Refused('duplicate_parameter');
        }
        $found[$name] = urldecode($value);
        $isText = preg_match('/^[^\x00-\x1f\x7f]*$/Du', $found[$name]) === 1;
        if (!$isText || preg_match('/%(?![0-9A-Fa-f]{2})/', $value)) {
            throw new Refused('invalid_parameter');
        }
    }
    return $found;
}

function query(array $parameters, string $left = ''): string
{
    $pairs = [];
    foreach ($parameters as $name => $value) {
        $encoded = rawurlencode($value);
        foreach (str_split($left) as $character) {
            $encoded = str_replace(rawurlencode($character), $character, $encoded);
        }
        $pairs[] = "$name=$encoded";
    }
    return implode('&', $pairs);
}

function signature(
    string $secret,
    string $method,
    array $parameters,
    array $headers,
    string $body,
    string $left = '',
): string {
    ksort($parameters, SORT_STRING);
    ksort($headers, SORT_STRING);
    $lines = [];
    foreach ($headers as $name => $value) {
        $lines[] = $name . ':' . trim($value, " \t");
    }
    $canonical = "$method\n/\n" . query($parameters, $left) . "\n" . implode("\n", $lines) . "\n\n"
        . implode(';', array_keys($headers)) . "\n" . $body;
    $date = $parameters['X-Sw-Date'];
    $day = substr($date, 0, 8);
    $toSign = implode("\n", [ALGORITHM, $date, $day, hash('sha256', $canonical)]);
    return hash_hmac('sha256', $toSign, hash_hmac('sha256', $day, ALGORITHM . $secret, true));
}
