#!/bin/sh
# Says how the machine is doing, every EVERY seconds (10 if not set).
set -u

every=${EVERY:-10}
pause=

stop() {
  echo "Stopping after $round rounds."
  [ -z "$pause" ] || kill "$pause" 2>/dev/null
  exit 0
}
trap stop TERM INT

load() {
  if [ -r /proc/loadavg ]; then cut -d ' ' -f 1-3 /proc/loadavg; else uptime | sed 's/.*: //'; fi
}

round=0
while :; do
  round=$((round + 1))
  disk=$(df -P . | awk 'NR == 2 { print $5 " of " int($2 / 1048576) " GiB used" }')
  echo "$(date '+%H:%M:%S') round $round: load $(load), disk $disk"
  # A shell looks at signals only between its commands, but wait ends at once.
  sleep "$every" &
  pause=$!
  wait "$pause"
done
