#!/bin/sh
# castra-agent: this guest's end of Castra's bus. Its init keeps it running; castra-bus talks through it.
#
# The port to the broker has one opener, so all others write their frames, one line each, to the FIFO $RUN/out, and read
# what is theirs from FIFOs of their own: $RUN/sub/<pid>.fifo for a subscription, $RUN/reply/<id> for one answer.
# A line of at most 4096 bytes is written in one piece (PIPE_BUF), so that lines of several writers do not mix.
umask 077
PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
CONF=${CASTRA_BUS_CONF:-/etc/castra/bus.conf}
RUN=${CASTRA_BUS_RUN:-/run/castra-agent}
BUS_HOST=10.0.2.2 BUS_PORT=7070 BUS_VM=$(hostname 2>/dev/null) BUS_TOKEN='' BUS_DEVICE=''
[ -r "$CONF" ] && . "$CONF"
HEARTBEAT=25
# Set to the time of the host when the clock is off by more seconds.
CLOCK_OFF=2

say() { printf 'castra-agent: %s\n' "$*" >&2; }
send() { printf '%s\n' "$1" >"$RUN/out"; }

find_port() {
  for path in "$BUS_DEVICE" /dev/virtio-ports/dev.castra.bus.0; do
    [ -c "$path" ] && { printf '%s' "$path"; return; }
  done
  for name in /sys/class/virtio-ports/*/name; do
    [ -r "$name" ] && [ "$(cat "$name")" = dev.castra.bus.0 ] || continue
    node=${name%/name}
    printf '/dev/%s' "${node##*/}"
    return
  done
  return 1
}

hello() {
  printf 'hello vm:%s capabilities=bus-v1,bus-lines-v1%s\n' "$BUS_VM" "${BUS_TOKEN:+ token=$BUS_TOKEN}"
}

# ---- what comes from the broker ----

subscribe() { send "{\"type\":\"subscribe\",\"topic\":\"$1\"}"; }

connected() {
  : >"$RUN/connected"
  subscribe 'castra.guest.*'
  for file in "$RUN"/sub/*.topic; do
    [ -r "$file" ] && read -r topic <"$file" && subscribe "$topic"
  done
}

# matches PATTERN TOPIC: as NATS, with `*` for one token and a last `>` for the rest.
matches() {
  [ "$1" = "$2" ] || [ "$1" = '>' ] && return 0
  left=$1 right=$2
  while :; do
    wanted=${left%%.*} token=${right%%.*}
    [ "$wanted" = '>' ] && return 0
    [ "$wanted" = '*' ] || [ "$wanted" = "$token" ] || return 1
    case $left in *.*) left=${left#*.} ;; *) left='' ;; esac
    case $right in *.*) right=${right#*.} ;; *) right='' ;; esac
    [ -z "$left" ] && [ -z "$right" ] && return 0
    [ -n "$left" ] && [ -n "$right" ] || return 1
  done
}

# Opened for reading too, a FIFO does not make us wait for its reader; the janitor empties those of dead ones.
deliver() {
  for file in "$RUN"/sub/*.topic; do
    [ -r "$file" ] || continue
    fifo=${file%.topic}.fifo
    read -r pattern <"$file" || continue
    matches "$pattern" "$2" && [ -p "$fifo" ] && printf '%s\n' "$1" 1<>"$fifo"
  done
}

message() {
  topic=${1##*\"topic\":\"}
  topic=${topic%%\"*}
  case $topic in
    castra.guest.*) order "$1" "${topic#castra.guest.}" & ;;
  esac
  deliver "$1" "$topic"
}

answered() {
  id=${1#*\"id\":\"}
  id=${id%%\"*}
  case $id in *[!A-Za-z0-9._-]*) return ;; esac
  [ -p "$RUN/reply/$id" ] && printf '%s\n' "$1" 1<>"$RUN/reply/$id"
}

dispatch() {
  while IFS= read -r line; do
    case $line in
      *'"type":"message"}') message "$line" ;;
      *'"type":"ack"}' | *'"type":"reply"}') case $line in *'"id":"'*) answered "$line" ;; esac ;;
      'ok session='*) connected ;;
      # A broker that came without our end having noticed that another one went.
      'castra-broker '*) [ -e "$RUN/connected" ] && hello >"$RUN/out" ;;
      'error: '*) say "the broker says: $line" ;;
      *'"type":"bye"}') say "the broker ended the session"; rm -f "$RUN/connected" ;;
    esac
  done
}

# ---- what the host may ask ----

order() {
  inbox=''
  case $1 in *'"inbox":"'*) inbox=${1#*\"inbox\":\"} inbox=${inbox%%\"*} ;; esac
  case $2 in
    ping) answer '{"pong":true}' ;;
    info) answer "$(info)" ;;
    time) answer "$(set_clock "$1")" ;;
    shutdown) sync ;;
  esac
}

answer() { [ -n "$inbox" ] && send "{\"type\":\"publish\",\"ack\":false,\"topic\":\"$inbox\",\"payload\":$1}"; }

set_clock() {
  host=${1#*\"ms\":}
  host=${host%%[!0-9]*}
  [ -n "$host" ] || { printf '{"set":false}'; return; }
  seconds=${host%???}
  off=$(($(date +%s) - seconds))
  if [ "$off" -gt "$CLOCK_OFF" ] || [ "$off" -lt "-$CLOCK_OFF" ]; then
    date -s "@$seconds" >/dev/null 2>&1 && { printf '{"off":%s,"set":true}' "$off"; return; }
  fi
  printf '{"off":%s,"set":false}' "$off"
}

info() {
  read -r uptime _ </proc/uptime
  read -r load _ </proc/loadavg
  memory=$(awk '/^MemTotal:/ { total = $2 } /^MemAvailable:/ { free = $2 } END { printf "%d,\"total\":%d", free, total }' /proc/meminfo)
  disk=$(df -kP / | awk 'NR == 2 { printf "%d,\"total\":%d", $4, $2 }')
  addresses=$( (ip -o addr show 2>/dev/null || ifconfig 2>/dev/null) | awk '
    { for (i = 1; i < NF; i++) if ($i == "inet" || $i == "inet6") {
        split($(i + 1), part, "/"); sub(/^addr:/, "", part[1])
        if (part[1] !~ /^(127\.|::1$|fe80)/) list = list (list == "" ? "" : ",") "\"" part[1] "\""
    } } END { print list }')
  printf '{"addresses":[%s],"disk_kib":{"free":%s},"hostname":"%s","load":%s,"memory_kib":{"free":%s},"time":%s,"uptime":%s}' \
    "$addresses" "$disk" "$(hostname | tr -cd 'A-Za-z0-9.-')" "$load" "$memory" "$(date +%s)" "$uptime"
}

# ---- keeping it going ----

# Of subscribers that are gone: empties their FIFO, or a writer would wait in it for ever.
sweep() {
  for file in "$RUN"/sub/*.topic; do
    [ -e "$file" ] || continue
    stem=${file%.topic}
    pid=${stem##*/}
    kill -0 "${pid%%.*}" 2>/dev/null && continue
    rm -f "$file"
    timeout 1 cat "$stem.fifo" >/dev/null 2>&1
    rm -f "$stem.fifo"
  done
}

beat() {
  while sleep 5; do
    sweep
    beats=$((${beats:-0} + 5))
    [ "$beats" -ge "$HEARTBEAT" ] && [ -e "$RUN/connected" ] || continue
    beats=0
    # Not for ever: a full pipe means that the port takes nothing.
    timeout 20 sh -c "printf '%s\n' '{\"type\":\"heartbeat\"}' >'$RUN/out'"
  done
}

over_port() {
  trap - EXIT
  exec 3<>"$1"
  { printf '\n'; hello; exec cat <"$RUN/out"; } >&3 &
  writer=$!
  cat <&3 | dispatch
  kill "$writer" 2>/dev/null
  wait "$writer" 2>/dev/null
  exec 3>&-
}

over_tcp() {
  command -v nc >/dev/null || { say 'this guest has no virtio console and no nc'; return 1; }
  { hello; exec cat <"$RUN/out"; } | nc "$BUS_HOST" "$BUS_PORT" | dispatch
}

end() {
  trap - EXIT TERM INT
  rm -f "$RUN/connected"
  kill 0 2>/dev/null
  exit 0
}

mkdir -p "$RUN/sub" "$RUN/reply" || exit 1
rm -f "$RUN/connected" "$RUN/out" "$RUN"/reply/*
mkfifo "$RUN/out" || exit 1
# Holds it open, so that writers never wait for a reader and readers never see its end.
exec 4<>"$RUN/out"
trap end EXIT TERM INT
beat &
pause=1
while :; do
  started=$(date +%s)
  # In a shell of its own, which ends when the port cannot be opened.
  if port=$(find_port); then (over_port "$port"); else over_tcp; fi
  rm -f "$RUN/connected"
  [ $(($(date +%s) - started)) -gt 30 ] && pause=1
  sleep "$pause"
  pause=$((pause * 2))
  [ "$pause" -gt 30 ] && pause=30
done
