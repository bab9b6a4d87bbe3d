#!/bin/sh
# The database of this example serves a file over HTTP; a real one would be installed here.
set -eu
mkdir -p data
sort "$CASTRA_PAYLOAD_DIR/greetings.txt" >data/greetings.txt
# What is to stay needs an output of its own: that of this script ends with it.
"$CASTRA_PAYLOAD_DIR/serve.sh" data/greetings.txt 8432 >/dev/null 2>&1 &
echo "$(wc -l <data/greetings.txt) greetings"
