#!/bin/sh
# Puts what lies beside this file in place, as "unsock install" does; --uninstall removes exactly that.
# usage: install.sh [--prefix DIR] [--uninstall]
set -eu

fail() {
  echo "install.sh: $1" >&2
  exit 1
}

prefix=/usr/local
uninstall=
while [ $# -gt 0 ]; do
  case $1 in
    --prefix)
      [ $# -gt 1 ] || fail "--prefix: name a directory"
      prefix=$2
      shift
      ;;
    --prefix=*) prefix=${1#--prefix=} ;;
    --uninstall) uninstall=yes ;;
    --help)
      echo "usage: install.sh [--prefix DIR] [--uninstall]"
      exit 0
      ;;
    *) fail "$1: no such option; usage: install.sh [--prefix DIR] [--uninstall]" ;;
  esac
  shift
done

here=$(cd "$(dirname "$0")" && pwd)
(cd "$here" && find bin lib share -type f -o -type l) | sort | while read -r file; do
  target=$prefix/$file
  if [ -n "$uninstall" ]; then
    [ ! -e "$target" ] && [ ! -L "$target" ] && continue
    rm -f "$target" || fail "$target: cannot be removed"
    echo "removed $target"
  else
    mkdir -p "$(dirname "$target")" || fail "$target: its directory cannot be made"
    # Moved into place: a program that runs from the old one goes on.
    cp -P "$here/$file" "$target.part.$$" && mv -f "$target.part.$$" "$target" || {
      rm -f "$target.part.$$"
      fail "$target: cannot be written"
    }
    echo "$target"
  fi
done
