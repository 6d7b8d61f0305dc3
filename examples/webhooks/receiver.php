<?php // php -S 127.0.0.1:8080 receiver.php: needs nothing but PHP, and the secret in WEBHOOK_SECRET.
$key = base64_decode(substr(getenv('WEBHOOK_SECRET'), strlen('whsec_')));
$body = file_get_contents('php://input');
[$id, $at] = [$_SERVER['HTTP_WEBHOOK_ID'] ?? '', $_SERVER['HTTP_WEBHOOK_TIMESTAMP'] ?? '0'];
$wanted = 'v1,' . base64_encode(hash_hmac('sha256', "$id.$at.$body", $key, true));
$isKnown = abs(time() - (int) $at) < 300;
$matches = array_filter(explode(' ', $_SERVER['HTTP_WEBHOOK_SIGNATURE'] ?? ''), fn ($one) => hash_equals($wanted, $one));
http_response_code($isKnown && $matches ? 204 : 400);
if ($isKnown && $matches) error_log(json_decode($body)->id . ' ' . json_decode($body)->type);
