#!/bin/sh
# castra-bus: messages to and from this project's host and VMs, through castra-agent. As root.
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin:$PATH
RUN=${CASTRA_BUS_RUN:-/run/castra-agent}
# What a pipe takes in one piece; larger ones would mix with those of others.
MAX=4000

usage() {
  cat >&2 <<'USAGE'
usage: castra-bus publish [--topic T] (--payload JSON | --text TEXT | --stdin)
       castra-bus subscribe [--json] [--count N] TOPIC
       castra-bus request [--timeout S] TOPIC [JSON]
       castra-bus answer TOPIC COMMAND [ARG...]  for each request: payload on its input, reply (JSON) on its output
       castra-bus info
A topic is words with dots between; `*` stands for one of them, a last `>` for the rest. Default: broadcast.
--stdin: each line is a payload; nothing is waited for. subscribe prints payloads, one a line; --json: whole messages.
USAGE
  exit 64
}

fail() { printf 'castra-bus: %s\n' "$2" >&2; exit "$1"; }

need_agent() {
  [ -p "$RUN/out" ] || fail 69 'castra-agent does not run here, or you are not root'
  [ -e "$RUN/connected" ] || fail 75 'there is no connection to the broker'
}

# A topic has no character that JSON or a shell would take for its own.
check_topic() {
  case $1 in '' | *[!A-Za-z0-9._:*\>-]*) fail 64 "\"$1\" is not a topic" ;; esac
}

send() {
  [ "$(printf '%s' "$1" | wc -c)" -le "$MAX" ] || fail 65 "a message from here has at most $MAX bytes"
  printf '%s\n' "$1" >"$RUN/out"
}

one_line() { printf '%s' "$1" | tr '\n\r' '  '; }

text_as_json() {
  printf '%s' "$1" | sed 's/\\/\\\\/g; s/"/\\"/g; s/	/\\t/g' | awk '{ printf "%s%s", (NR > 1 ? "\\n" : "\""), $0 } END { printf "%s\"", (NR ? "" : "\"") }'
}

# ask FRAME-WITHOUT-END SECONDS: sends it with an id, and prints the line that answers.
ask() {
  id=$$-$(date +%s)
  fifo=$RUN/reply/$id
  mkfifo "$fifo" || fail 74 "$fifo cannot be made"
  trap 'rm -f "$fifo"' EXIT
  # Open before anything is asked: what is written to a FIFO without a reader is lost with its writer.
  exec 6<>"$fifo"
  send "$1,\"id\":\"$id\"}"
  timeout "$2" head -n 1 <&6
}

reason_of() { reason=${1#*\"reason\":\"}; printf '%s' "${reason%%\"*}"; }

payload_of() {
  rest=${1#*\"payload\":}
  case $1 in *'"type":"reply"}') printf '%s\n' "${rest%,\"status\":*}" ;; *) printf '%s\n' "${rest%,\"seq\":*}" ;; esac
}

publish() {
  topic=broadcast payload='' stdin=''
  while [ $# -gt 0 ]; do
    case $1 in
      --topic) topic=${2?"$(usage)"}; shift 2 ;;
      --payload) payload=$(one_line "${2?"$(usage)"}"); shift 2 ;;
      --text) payload=$(text_as_json "${2?"$(usage)"}"); shift 2 ;;
      --stdin) stdin=yes; shift ;;
      *) usage ;;
    esac
  done
  check_topic "$topic"
  need_agent
  if [ -n "$stdin" ]; then
    # Flushed line by line: each is one write, and stays whole.
    awk -v topic="$topic" -v max="$MAX" '
      length($0) > max { print "castra-bus: line " NR " is too long" >"/dev/stderr"; next }
      NF { printf "{\"type\":\"publish\",\"ack\":false,\"topic\":\"%s\",\"payload\":%s}\n", topic, $0; fflush() }' >"$RUN/out"
    return
  fi
  [ -n "$payload" ] || usage
  answer=$(ask "{\"type\":\"publish\",\"topic\":\"$topic\",\"payload\":$payload" 10)
  case $answer in
    *'"status":"ok"'*) ;;
    '') fail 75 'the broker did not answer' ;;
    *) fail 70 "the broker refused it: $(reason_of "$answer")" ;;
  esac
}

request() {
  seconds=5
  [ "$1" = --timeout ] && { seconds=$2; shift 2; }
  [ $# -ge 1 ] || usage
  check_topic "$1"
  need_agent
  answer=$(ask "{\"type\":\"request\",\"topic\":\"$1\",\"timeout_ms\":$((seconds * 1000)),\"payload\":$(one_line "${2:-null}")" $((seconds + 2)))
  case $answer in
    *'"status":"ok","type":"reply"}') payload_of "$answer" ;;
    '') fail 75 'the broker did not answer' ;;
    *) fail 70 "no reply: $(reason_of "$answer")" ;;
  esac
}

# listen TOPIC: prints messages until it is ended.
listen() {
  stem=$RUN/sub/$$
  mkfifo "$stem.fifo" || fail 74 "$stem.fifo cannot be made"
  trap 'stop_listening' EXIT
  trap 'exit 130' INT TERM HUP
  printf '%s\n' "$topic" >"$stem.topic.new" && mv "$stem.topic.new" "$stem.topic"
  send "{\"type\":\"subscribe\",\"topic\":\"$topic\"}"
  # Read and write: it has no end while this runs.
  exec 5<>"$stem.fifo"
  while [ "$count" != 0 ] && IFS= read -r line <&5; do
    "$@" "$line" || break
    [ -n "$count" ] && count=$((count - 1))
  done
}

stop_listening() {
  rm -f "$stem.topic" "$stem.fifo"
  grep -qxF "$topic" "$RUN"/sub/*.topic 2>/dev/null || send "{\"type\":\"unsubscribe\",\"topic\":\"$topic\"}"
}

reply_with() {
  line=$2
  case $line in *'"inbox":"'*) ;; *) return 0 ;; esac
  inbox=${line#*\"inbox\":\"}
  inbox=${inbox%%\"*}
  reply=$(payload_of "$line" | sh -c "$1")
  send "{\"type\":\"publish\",\"ack\":false,\"topic\":\"$inbox\",\"payload\":$(one_line "${reply:-null}")}"
}

# Ends after so many messages; empty: never.
count=''
print_whole() { printf '%s\n' "$1"; }

[ $# -ge 1 ] || usage
verb=$1
shift
case $verb in
  publish) publish "$@" ;;
  request) request "$@" ;;
  subscribe)
    show=payload_of
    while [ $# -gt 1 ]; do
      case $1 in
        --json) show=print_whole; shift ;;
        --count) count=$2; shift 2 ;;
        *) usage ;;
      esac
    done
    case $count in *[!0-9]*) usage ;; esac
    [ $# -eq 1 ] || usage
    topic=$1
    check_topic "$topic"
    need_agent
    listen "$show"
    ;;
  answer)
    [ $# -ge 2 ] || usage
    topic=$1
    check_topic "$topic"
    shift
    need_agent
    listen reply_with "$*"
    ;;
  info) [ -e "$RUN/connected" ] && echo connected || { echo 'not connected'; exit 75; } ;;
  *) usage ;;
esac
