#!/bin/sh
# The short form of `npm run bench -- --only growth`: a million events against a hundred thousand, some ten minutes and 2 GB.
# Exits 1 where a question takes more than three times as long on the larger log. Needs `npm run build` before.
exec node "$(dirname "$0")/../../bench/run.mjs" --only growth --events 1000000 "$@"
