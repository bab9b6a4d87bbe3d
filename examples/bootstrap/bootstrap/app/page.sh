#!/bin/sh
# Makes the page from its template and from what the database has.
set -eu
mkdir -p "$HOME/www"
wget -qO greetings "$DATABASE"
sed -e '/GREETINGS/{r greetings' -e 'd}' "$CASTRA_PAYLOAD_DIR/index.html" >"$HOME/www/index.html"
