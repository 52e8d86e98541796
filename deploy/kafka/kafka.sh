#!/usr/bin/env bash
# A real Apache Kafka on this machine, from nothing but Java 17 and Maven. For `make run KAFKA=1` and the tests;
# in production point PLAYHEAD_KAFKA_BROKERS at your own cluster instead.
#
#   kafka.sh fetch                       download the server's jars (once; 45 MB)
#   kafka.sh start DIR [--nodes 1|3] [--port P] [--while-pid PID] [--secure | --through P]
#                                        start on DIR, wait until it serves, print the bootstrap servers;
#                                        a DIR that was used before keeps its nodes, ports and records
#   kafka.sh bootstrap DIR [--secure | --through]
#                                        print the bootstrap servers
#   kafka.sh status DIR                  say which nodes run; exit 1 unless all do
#   kafka.sh stop DIR                    stop cleanly (after 15 s: by force)
#   kafka.sh kill9 DIR NODE              kill one node without warning
#   kafka.sh restart DIR NODE            start that node again and wait until it serves
#
# --port P: clients connect to P, P+2, P+4 and controllers to P+1, P+3, P+5; without it free ports are taken.
# --through P: beside the plain port one that is advertised on P, P+1, …: something of yours that stands there and passes
#   everything on. `bootstrap DIR --through` prints to where.
# --secure: beside the plain port one with TLS and SASL (SCRAM-SHA-512 or PLAIN, user playhead, password playhead-secret),
#   whose certificate is DIR/ca.pem; `bootstrap DIR --secure` prints it.
# --while-pid PID: the nodes are stopped when that process is gone, however it ended.
# KAFKA_LIBS: the jar folder (default: <repo>/target/kafka-libs/<version>). KAFKA_HEAP: default "-Xms128m -Xmx384m".
set -euo pipefail

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SELF="$HERE/$(basename "${BASH_SOURCE[0]}")"
VERSION=$(sed -n 's:.*<kafka.version>\(.*\)</kafka.version>.*:\1:p' "$HERE/pom.xml")
LIBS=${KAFKA_LIBS:-$HERE/../../target/kafka-libs/$VERSION}
HEAP=${KAFKA_HEAP:-"-Xms128m -Xmx384m"}
PASSWORD=playhead-secret
SHARE=""
START_SECONDS=${KAFKA_START_SECONDS:-90}

say() { echo "kafka: $*" >&2; }
die() { say "$@"; exit 1; }

need_java() {
  command -v java >/dev/null || die "Java is missing; run: sudo apt-get install -y openjdk-17-jre-headless"
  local major
  major=$(java -version 2>&1 | sed -n 's/.*version "\([0-9]*\).*/\1/p' | head -1)
  [ "${major:-0}" -ge 17 ] || die "Kafka needs Java 17, this is ${major:-unknown}; run: sudo apt-get install -y openjdk-17-jre-headless"
}

fetch() {
  [ -e "$LIBS/.complete" ] && return
  command -v mvn >/dev/null || die "Maven is missing; run: sudo apt-get install -y maven"
  say "downloading Apache Kafka $VERSION (about 45 MB, once) to $LIBS"
  mkdir -p "$LIBS"
  # One downloader at a time: two test runs may start together on a fresh machine.
  exec 9>"$LIBS/.lock"
  flock 9
  if [ ! -e "$LIBS/.complete" ]; then
    local log="$LIBS/maven.log"
    mvn -B -q -f "$HERE/pom.xml" dependency:copy-dependencies -DincludeScope=runtime \
      "-DoutputDirectory=$(cd "$LIBS" && pwd)" >"$log" 2>&1 || {
      tail -15 "$log" >&2
      die "the download failed; check the network and Maven's settings, then run: $SELF fetch"
    }
    touch "$LIBS/.complete"
  fi
  exec 9>&-
}

# Java reads the server's classes from one file instead of from jars, which halves the processor time of a start. Made
# once, by a server that lives for a moment; without it everything works, only later.
archive() {
  local dir part=$LIBS/server.jsa.$$
  [ ! -e "$LIBS/server.jsa" ] || return 0
  dir=$(mktemp -d)
  (
    format "$dir" 1 "$(free_ports 2)" "" ""
    SHARE="-XX:ArchiveClassesAtExit=$part" launch "$dir" 1
    await "$dir" 1
    stop "$dir"
    mv "$part" "$LIBS/server.jsa"
  ) || say "starting without an archive of classes"
  rm -rf "$dir" "$part"
}

# The tools and the server run the same way. Tier 1 compilation and the serial collector halve the start time and
# keep three nodes small; a broker for tests gains nothing from more.
jvm() {
  # shellcheck disable=SC2086 # HEAP holds several options
  exec java $HEAP -XX:+UseSerialGC -XX:TieredStopAtLevel=1 -Xshare:auto $SHARE -Djava.awt.headless=true \
    "-Dlog4j2.configurationFile=file:$HERE/log4j2.properties" -cp "$LIBS/*" "$@"
}

listening() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# Below the range from which the kernel hands out ports itself, so that nothing takes them between here and the bind.
free_ports() {
  local count=$1 first port
  for _ in $(seq 100); do
    first=$((15000 + (RANDOM % 8000) * 2))
    for port in $(seq "$first" $((first + count - 1))); do
      listening "$port" && continue 2
    done
    echo "$first" && return
  done
  die "no $count free ports in a row between 15000 and 31000; name one: $SELF start DIR --port P"
}

node_ids() { for d in "$1"/n*/; do basename "$d" | tr -d n; done; }
other_port() { sed -n 's/^listeners=.*,OTHER:..127.0.0.1:\([0-9]*\)$/\1/p' "$1/n$2/server.properties"; }
client_port() { sed -n 's/^listeners=PLAINTEXT:..127.0.0.1:\([0-9]*\),.*/\1/p' "$1/n$2/server.properties"; }
# A dead process that nobody has waited for yet still has a pid; it is not running.
running() { [ -s "$1/n$2/pid" ] && [[ $(ps -o stat= -p "$(cat "$1/n$2/pid")") =~ ^[^Z] ]]; }

write_properties() {
  local dir=$1 id=$2 first=$3 voters=$4 copies=$5 in_sync=$6
  local port=$((first + 2 * (id - 1)))
  # A restarted node is let in when the session of its former self is over: 3 s instead of the default 9.
  cat >"$dir/n$id/server.properties" <<X
process.roles=broker,controller
node.id=$id
controller.quorum.voters=$voters
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$((port + 1))
advertised.listeners=PLAINTEXT://127.0.0.1:$port
controller.listener.names=CONTROLLER
inter.broker.listener.name=PLAINTEXT
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
log.dirs=$dir/n$id/data
auto.create.topics.enable=false
unclean.leader.election.enable=false
default.replication.factor=$copies
min.insync.replicas=$in_sync
offsets.topic.replication.factor=$copies
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=$copies
transaction.state.log.min.isr=$in_sync
transaction.state.log.num.partitions=4
share.coordinator.state.topic.replication.factor=$copies
share.coordinator.state.topic.min.isr=$in_sync
group.initial.rebalance.delay.ms=0
broker.session.timeout.ms=3000
broker.heartbeat.interval.ms=500
num.network.threads=2
num.io.threads=4
log.cleaner.dedupe.buffer.size=2097152
message.max.bytes=4194304
replica.fetch.max.bytes=4194304
X
}

# Another port for clients; nodes and controllers go on speaking among themselves as before.
add_listener() {
  local dir=$1 id=$2 port=$3 advertised=$4 protocol=$5 file=$1/n$2/server.properties
  sed -i -e "s|^listeners=.*|&,OTHER://127.0.0.1:$port|" \
    -e "s|^advertised.listeners=.*|&,OTHER://localhost:$advertised|" \
    -e "s|^listener.security.protocol.map=.*|&,OTHER:$protocol|" "$file"
  [ "$protocol" = SASL_SSL ] || return 0
  cat >>"$file" <<X
ssl.keystore.type=PKCS12
ssl.keystore.location=$dir/broker.p12
ssl.keystore.password=playhead
sasl.enabled.mechanisms=SCRAM-SHA-512,PLAIN
listener.name.other.scram-sha-512.sasl.jaas.config=org.apache.kafka.common.security.scram.ScramLoginModule required;
listener.name.other.plain.sasl.jaas.config=org.apache.kafka.common.security.plain.PlainLoginModule required \\
  user_playhead="$PASSWORD";
X
}

# A certificate that nobody trusts unless told to, with the tool that comes with Java.
make_certificate() {
  local dir=$1
  keytool -genkeypair -alias broker -keyalg RSA -keysize 2048 -validity 30 -dname CN=localhost \
    -ext SAN=dns:localhost,ip:127.0.0.1 -storetype PKCS12 -keystore "$dir/broker.p12" -storepass playhead 2>/dev/null
  keytool -exportcert -rfc -alias broker -keystore "$dir/broker.p12" -storepass playhead 2>/dev/null >"$dir/ca.pem"
}

format() {
  local dir=$1 nodes=$2 first=$3 secure=$4 through=$5 port copies=1 in_sync=1 voters="" cluster id users=()
  [ "$nodes" = 3 ] && copies=3 && in_sync=2
  # A cluster id is 16 random bytes in URL-safe base64; one that begins with "-" would read as an option.
  until [[ ${cluster:=$(head -c16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '=')} != -* ]]; do cluster=""; done
  [ -z "$secure" ] || { make_certificate "$dir" && users=(--add-scram "SCRAM-SHA-512=[name=playhead,password=$PASSWORD]"); }
  for id in $(seq "$nodes"); do voters+="${voters:+,}$id@127.0.0.1:$((first + 2 * id - 1))"; done
  for id in $(seq "$nodes"); do
    mkdir -p "$dir/n$id"
    write_properties "$dir" "$id" "$first" "$voters" "$copies" "$in_sync"
    port=$((first + 2 * nodes + id - 1))
    [ -z "$secure" ] || add_listener "$dir" "$id" "$port" "$port" SASL_SSL
    [ -z "$through" ] || add_listener "$dir" "$id" "$port" $((through + id - 1)) PLAINTEXT
    (jvm kafka.tools.StorageTool format "${users[@]}" -t "$cluster" -c "$dir/n$id/server.properties") >"$dir/n$id/format.log" 2>&1 || {
      tail -15 "$dir/n$id/format.log" >&2
      die "formatting failed; remove what is half made and try again: rm -r $dir"
    }
  done
}

launch() {
  local dir=$1 id=$2 port
  running "$dir" "$id" && return
  port=$(client_port "$dir" "$id")
  for port in "$port" $((port + 1)); do
    # A node that was killed a moment ago holds it until the last of its threads has ended.
    for _ in $(seq 50); do listening "$port" && sleep 0.2 || break; done
    listening "$port" && die "port $port is taken by another process; find it with: ss -ltnp 'sport = :$port'"
  done
  : >"$dir/n$id/out.log"
  [ -n "${SHARE:-}" ] || [ ! -e "$LIBS/server.jsa" ] || local SHARE="-XX:SharedArchiveFile=$LIBS/server.jsa"
  (jvm "-Dkafka.logs.dir=$dir/n$id" kafka.Kafka "$dir/n$id/server.properties") \
    </dev/null >>"$dir/n$id/out.log" 2>&1 9>&- &
  echo $! >"$dir/n$id/pid"
  disown
}

await() {
  local dir=$1 id=$2 began=$SECONDS
  # The server prints this line after the controller has let it in, so from here on it serves.
  until grep -q 'Kafka Server started' "$dir/n$id/out.log"; do
    running "$dir" "$id" || { tail -20 "$dir/n$id/out.log" >&2; die "node $id ended while starting; its log: less $dir/n$id/out.log"; }
    [ $((SECONDS - began)) -lt "$START_SECONDS" ] || die "node $id does not serve after $START_SECONDS s; its log: less $dir/n$id/out.log"
    [ $(((SECONDS - began) % 5)) -ne 4 ] || { say "node $id: waiting ($((SECONDS - began)) s)"; sleep 0.8; }
    sleep 0.2
  done
}

bootstrap() {
  local dir=$1 list="" id address
  for id in $(node_ids "$dir"); do
    address=127.0.0.1:$(client_port "$dir" "$id")
    [ $# -lt 2 ] || address=localhost:$(other_port "$dir" "$id")
    list+="${list:+,}$address"
  done
  echo "$list"
}

watch() {
  # Its own session, so that a Ctrl-C in the watched terminal does not end the watcher first.
  setsid bash -c 'while kill -0 "$1" 2>/dev/null; do sleep 1; done; exec "$2" stop "$3"' watch "$1" "$SELF" "$2" \
    </dev/null >/dev/null 2>&1 &
  disown
}

start() {
  local dir=$1 nodes=1 first="" pid="" secure="" through="" id began=$SECONDS
  shift
  while [ $# -gt 0 ]; do
    case "$1" in
      --secure) secure=1; shift; continue ;;
      --nodes) nodes=$2 ;;
      --port) first=$2 ;;
      --while-pid) pid=$2 ;;
      --through) through=$2 ;;
      *) die "unknown option $1; see: head -20 $SELF" ;;
    esac
    shift 2
  done
  [ "$nodes" = 1 ] || [ "$nodes" = 3 ] || die "--nodes takes 1 or 3, not $nodes"
  need_java
  fetch
  mkdir -p "$dir" && dir=$(cd "$dir" && pwd)
  [ -e "$dir/formatted" ] || { format "$dir" "$nodes" "${first:-$(free_ports $((nodes * 3)))}" "$secure" "$through" && touch "$dir/formatted"; }
  # Whoever waits is told to stop the nodes even if this start is cut short.
  [ -z "$pid" ] || watch "$pid" "$dir"
  for id in $(node_ids "$dir"); do launch "$dir" "$id"; done
  for id in $(node_ids "$dir"); do await "$dir" "$id"; done
  say "Apache Kafka $VERSION serves after $((SECONDS - began)) s"
  bootstrap "$dir"
}

stop() {
  local dir=$1 id
  for id in $(alive "$dir"); do kill "$(cat "$dir/n$id/pid")" || true; done
  for _ in $(seq 75); do
    [ -n "$(alive "$dir")" ] || return 0
    sleep 0.2
  done
  for id in $(alive "$dir"); do kill -9 "$(cat "$dir/n$id/pid")" || true; done
}

kill9() {
  running "$1" "$2" || die "node $2 is not running; see: $SELF status $1"
  kill -9 "$(cat "$1/n$2/pid")"
  while running "$1" "$2"; do sleep 0.05; done
}

alive() { for id in $(node_ids "$1"); do if running "$1" "$id"; then echo "$id"; fi; done; }

status() {
  local dir=$1 id all=0
  for id in $(node_ids "$dir"); do
    if running "$dir" "$id"; then echo "node $id runs on 127.0.0.1:$(client_port "$dir" "$id"), pid $(cat "$dir/n$id/pid")"
    else echo "node $id is down; start it with: $SELF restart $dir $id" && all=1; fi
  done
  return $all
}

command=${1:-help}
[ $# -eq 0 ] || shift
case "$command" in
  fetch) fetch && need_java && archive && du -shL "$LIBS" | sed 's/^/kafka: jars: /' >&2 ;;
  start) [ $# -ge 1 ] || die "usage: $SELF start DIR [--nodes 1|3] [--port P] [--while-pid PID]"; start "$@" ;;
  bootstrap | stop | status)
    [ $# -ge 1 ] && [ -e "$1/formatted" ] || die "no Kafka was started here; usage: $SELF $command DIR"
    "$command" "$@" ;;
  kill9) [ $# -eq 2 ] || die "usage: $SELF kill9 DIR NODE"; kill9 "$1" "$2" ;;
  restart) [ $# -eq 2 ] || die "usage: $SELF restart DIR NODE"; need_java; fetch; launch "$(cd "$1" && pwd)" "$2" && await "$1" "$2" ;;
  *) sed -n '2,/^set -/p' "$SELF" | sed '$d; s/^# \{0,1\}//' ; [ "$command" = help ] ;;
esac
