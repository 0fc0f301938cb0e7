#!/bin/sh
# Installs the files beside this script, as "unsock install" does; --uninstall removes exactly those.
# usage: install.sh [--prefix DIR] [--force] [--uninstall]
set -eu
umask 022
usage="usage: install.sh [--prefix DIR] [--force] [--uninstall]"

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

prefix=/usr/local
uninstall=
force=
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -gt 1 ] || fail "--prefix: name a directory"
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --uninstall) uninstall=yes ;;
    --force) force=yes ;;
    --help)
      echo "$usage"
      exit 0
      ;;
    *) fail "$1: no such option; $usage" ;;
  esac
  shift
done

here=$(cd "$(dirname "$0")" && pwd)
record=share/unsock/installed # lib/install/record.ts has the same
LC_ALL=C
export LC_ALL

listed() {
  [ -f "$prefix/$record" ] && grep -Fxq -e "f $1" "$prefix/$record"
}

is_there() {
  [ -e "$1" ] || [ -L "$1" ]
}

if grep -qE '^[fd] (/|(.*/)?\.\.(/|$))' "$prefix/$record" 2>/dev/null; then
  fail "$prefix/$record: names a path outside $prefix: remove that line first"
fi

# Prints the path of a directory of the record; "." is the prefix itself.
place() {
  [ "$1" = . ] && echo "$prefix" || echo "$prefix/$1"
}

if [ -n "$uninstall" ]; then
  [ -f "$prefix/$record" ] || {
    echo "nothing of unsock is installed below $prefix"
    exit 0
  }
  # The whole record is read first, as it is itself among the files to remove: the last of them.
  lines=$(sed "/^d /d; \\|^f $record\$|d" "$prefix/$record"; echo "f $record"; grep "^d " "$prefix/$record" || :)
  echo "$lines" | while read -r kind name; do
    if [ "$kind" = d ]; then
      rmdir "$(place "$name")" 2>/dev/null || :
    elif is_there "$prefix/$name"; then
      rm -f "$prefix/$name" || fail "$prefix/$name: cannot be removed"
      echo "removed $prefix/$name"
    fi
  done
  exit 0
fi

files=$( (cd "$here" && find bin lib libexec share -type f -o -type l 2>/dev/null || :; echo "$record") | sort -u)
for file in $files; do
  is_there "$prefix/$file" && [ -z "$force" ] || continue
  front=$(readlink "$prefix/bin/unsock" || :)
  listed "$file" && { [ "$file" != bin/unsock ] || [ "$front" = ../lib/libunsock.so ]; } ||
    fail "$prefix/$file: exists already and was not installed by unsock: --force replaces it"
done

# Each directory follows its parent.
directories=$(for file in $files; do
  while [ "$file" != . ]; do
    file=$(dirname "$file")
    echo "$file"
  done
done | sort -u)
mkdir -p "$(dirname "$prefix")" || fail "$prefix: cannot be made"
before=$(sed -n "s/^f //p" "$prefix/$record" 2>/dev/null || :)
made=$(sed -n "s/^d //p" "$prefix/$record" 2>/dev/null || :)
for directory in $directories; do
  [ -d "$(place "$directory")" ] || made="$made $directory"
done
suffix=.part.$$

# Writes the record of the files that are its arguments.
put_record() {
  {
    for file in "$@"; do echo "f $file"; done | sort -u
    for directory in $made; do echo "d $directory"; done | sort -ru
  } >"$prefix/$record$suffix" && mv -f "$prefix/$record$suffix" "$prefix/$record" || {
    rm -f "$prefix/$record$suffix"
    fail "$prefix/$record: cannot be written"
  }
}

# Before the first file the record names all of them, with the names that they have until they are complete: if this is
# interrupted, the next run continues, or removes what is there.
mkdir -p "$prefix/$(dirname "$record")" || fail "$prefix/$(dirname "$record"): cannot be made"
# The names have no spaces.
# shellcheck disable=SC2046,SC2086
put_record $before $files $(for file in $files; do echo "$file$suffix"; done)
for directory in $directories; do
  target=$(place "$directory")
  [ -d "$target" ] || mkdir "$target" || fail "$target: cannot be made"
done

for file in $files; do
  [ "$file" = "$record" ] && continue
  target=$prefix/$file
  # A rename into place: a program that runs from the old file keeps running.
  cp -P "$here/$file" "$target$suffix" && mv -f "$target$suffix" "$target" || {
    rm -f "$target$suffix"
    fail "$target: cannot be written"
  }
  echo "$target"
done

# Removes files of an older version that this one does not have.
for file in $before; do
  case "
$files
" in *"
$file
"*) ;; *) rm -f "$prefix/$file" ;; esac
done
# shellcheck disable=SC2086
put_record $files
echo "$prefix/$record"
case :$PATH: in
  *":${prefix%/}/bin:"* | *":${prefix%/}/bin/:"*) ;;
  *) echo "${prefix%/}/bin is not in PATH: export PATH=\"${prefix%/}/bin:\$PATH\", in ~/.profile for good" ;;
esac
