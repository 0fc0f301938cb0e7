#!/bin/sh
# Boots this machine's own systemd in namespaces, where nothing that it does is seen outside: boot.sh ROOT CGROUP FILES.
# ROOT is an empty directory. Its system has this machine's files, of which the changes go into memory, and FILES on top.
set -eu
[ "${4:-}" ] || {
    # systemd makes groups of its own below this one, and not among the machine's.
    echo $$ >"$2/cgroup.procs"
    exec unshare --mount --pid --net --uts --ipc --cgroup --fork --kill-child "$0" "$@" inside
}
root=$1 files=$3
mount --make-rprivate /
mount -t tmpfs -o mode=755 tmpfs "$root"
mkdir "$root/upper" "$root/work" "$root/system"
mount -t overlay -o "lowerdir=/,upperdir=$root/upper,workdir=$root/work" overlay "$root/system"
root=$root/system
cp -r "$files/." "$root"
for directory in run tmp; do mount -t tmpfs -o mode=755 tmpfs "$root/$directory"; done
chmod 1777 "$root/tmp"
mount -t proc proc "$root/proc"
mount -t sysfs -o ro sysfs "$root/sys"
mount -t cgroup2 cgroup2 "$root/sys/fs/cgroup"
mount -t tmpfs -o mode=755 tmpfs "$root/dev"
for device in null zero full random urandom tty; do
    : >"$root/dev/$device"
    mount --bind "/dev/$device" "$root/dev/$device"
done
ln -s /proc/self/fd "$root/dev/fd"
ln -s pts/ptmx "$root/dev/ptmx"
mkdir "$root/dev/shm" "$root/dev/pts" "$root/run/before"
mount -t devpts -o newinstance,ptmxmode=666,mode=620 devpts "$root/dev/pts"
mount -t tmpfs -o mode=1777 tmpfs "$root/dev/shm"
cd "$root"
pivot_root . run/before
umount -l /run/before
# Not what else this machine starts when it boots.
exec env -i container=unsock PATH=/usr/bin:/usr/sbin /lib/systemd/systemd --unit=basic.target </dev/null
