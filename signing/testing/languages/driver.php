<?php

declare(strict_types=1);

// Reads vectors as JSON, and says what the example makes of them.

require __DIR__ . '/signway.php';

$given = json_decode(stream_get_contents(STDIN), true, flags: JSON_THROW_ON_ERROR);

$verdict = function (array $case): string {
    $request = $case['request'];
    try {
        return Signway\verify(
            $request['method'],
            $request['url'],
            array_change_key_case($request['headers']),
            $request['body'] ?? '',
            [$case['id'] => $case['secret']],
            (new DateTimeImmutable($case['now']))->getTimestamp(),
        );
    } catch (Signway\Refused $refused) {
        return 'refused: ' . $refused->getMessage();
    }
};

echo json_encode([
    'signed' => array_map(fn (array $input) => Signway\signUrl(...$input), $given['sign']),
    'verified' => array_map($verdict, $given['verify']),
], JSON_THROW_ON_ERROR);
