#!/usr/bin/env bash
# What Playhead needs of a machine, checked and installed where that is possible. Called by make; safe to repeat.
#
#   setup.sh build    compilers, libraries and node, for building
#   setup.sh test     Java, Maven, a browser and its fonts, and ffmpeg besides, for the tests
#
# Debian packages are installed when this runs as root on a machine with apt; otherwise the command is printed.
set -euo pipefail

say() { echo "setup: $*" >&2; }
die() { say "$@"; exit 1; }

missing=()
want() { missing+=("$1"); }

has_library() { command -v pkg-config >/dev/null && pkg-config --exists "$1"; }

check_build() {
  command -v cargo >/dev/null || die "cargo is missing; install Rust 1.95 or newer: https://rustup.rs"
  command -v node >/dev/null || die "node is missing; install Node.js 20.19 or newer with npm: https://nodejs.org"
  node -e 'const [a,b]=process.versions.node.split(".").map(Number);process.exit(a>20||(a===20&&b>=19)?0:1)' ||
    die "node $(node --version) is too old; install Node.js 20.19 or newer: https://nodejs.org"
  command -v cc >/dev/null || want build-essential
  command -v make >/dev/null || want build-essential
  command -v pkg-config >/dev/null || want pkg-config
  has_library openssl || want libssl-dev
  has_library zlib || want zlib1g-dev
}

check_test() {
  check_build
  command -v javac >/dev/null || want openjdk-17-jdk-headless
  command -v mvn >/dev/null || want maven
  command -v curl >/dev/null || want curl
  [ -n "${PLAYHEAD_CHROMIUM:-}" ] || [ -x /usr/bin/chromium ] || want chromium
  command -v ffmpeg >/dev/null || want ffmpeg
}

install() {
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" = 0 ] && command -v apt-get >/dev/null; then
    say "installing ${missing[*]}"
    local log
    log=$(mktemp)
    { apt-get update && DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends "${missing[@]}"; } \
      >"$log" 2>&1 || { tail -15 "$log" >&2; die "run: apt-get update && apt-get install -y ${missing[*]}"; }
    rm -f "$log"
  else
    die "missing: ${missing[*]}; run: sudo apt-get update && sudo apt-get install -y ${missing[*]}"
  fi
}

case "${1:-}" in
build) check_build ;;
test) check_test ;;
*) die "usage: setup.sh build|test" ;;
esac
install
