#!/bin/sh
# Serves one page with what every Linux has: no packages, no network.
page="Hello from $(hostname), kernel $(uname -r)"
while :; do
  printf 'HTTP/1.0 200 OK\r\nContent-Length: %d\r\n\r\n%s\n' "$((${#page} + 1))" "$page" | nc -l -p 80
done </dev/null >/dev/null 2>&1 &
