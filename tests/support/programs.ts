/** The real programs that tests and checks use, and the Debian packages that have them. Run directly, it prints the packages. */
import { statOrUndefined } from "../../lib/system/files.ts";
import { noteSkip } from "./skips.ts";

const PACKAGES: Record<string, string> = {
  Xvfb: "xvfb",
  "aarch64-linux-gnu-gcc": "gcc-aarch64-linux-gnu",
  "aarch64-libc": "libc6-dev-arm64-cross",
  ab: "apache2-utils",
  apache2: "apache2-bin",
  apparmor_parser: "apparmor",
  "apt-get": "apt",
  bash: "bash",
  "bash-completion": "bash-completion",
  bindfs: "bindfs",
  black: "black",
  bwrap: "bubblewrap",
  busybox: "busybox-static",
  caddy: "caddy",
  cbmc: "cbmc",
  cc: "gcc",
  chromium: "chromium",
  "clang-19": "clang-19",
  "clang-format-19": "clang-format-19",
  "clang-runtime-19": "libclang-rt-19-dev",
  cppcheck: "cppcheck",
  curl: "curl",
  dig: "bind9-dnsutils",
  dnsmasq: "dnsmasq-base",
  dovecot: "dovecot-imapd",
  "dovecot-pop3": "dovecot-pop3d",
  dpkg: "dpkg",
  epmd: "erlang-base",
  erl: "erlang-base",
  etcd: "etcd-server",
  etcdctl: "etcd-client",
  "firefox-esr": "firefox-esr",
  fish: "fish",
  gcc: "gcc",
  "gcc-14": "gcc-14",
  gdb: "gdb",
  getent: "libc-bin",
  git: "git",
  "git-daemon": "git",
  go: "golang-go",
  gunicorn: "gunicorn",
  haproxy: "haproxy",
  initdb: "postgresql",
  iperf: "iperf",
  iperf3: "iperf3",
  java: "default-jdk-headless",
  jq: "jq",
  lighttpd: "lighttpd",
  lftp: "lftp",
  lintian: "lintian",
  loginctl: "systemd",
  mariadb: "mariadb-client",
  "mariadb-install-db": "mariadb-server",
  mariadbd: "mariadb-server",
  lexgrog: "man-db",
  mandoc: "mandoc",
  memcached: "memcached",
  mkcert: "mkcert",
  mkfifo: "coreutils",
  mmdebstrap: "mmdebstrap",
  mosquitto: "mosquitto",
  mosquitto_pub: "mosquitto-clients",
  mosquitto_sub: "mosquitto-clients",
  mpicc: "libopenmpi-dev",
  mpirun: "openmpi-bin",
  "musl-gcc": "musl-tools",
  named: "bind9",
  "nats-server": "nats-server",
  nc: "netcat-openbsd",
  netperf: "netperf",
  netserver: "netperf",
  netty: "libnetty-java",
  nginx: "nginx",
  nsenter: "util-linux",
  node: "nodejs",
  novnc: "novnc",
  npm: "npm",
  objdump: "binutils",
  openssl: "openssl",
  pen: "pen",
  perl: "perl",
  pgbench: "postgresql",
  php: "php-cli",
  "php-fpm": "php-fpm",
  pkill: "procps",
  postgres: "postgresql",
  prove: "perl",
  prlimit: "util-linux",
  psql: "postgresql",
  pyftpdlib: "python3-pyftpdlib",
  pyflakes3: "pyflakes3",
  python3: "python3",
  "qemu-aarch64": "qemu-user",
  "qemu-system-aarch64": "qemu-system-arm",
  "qemu-system-x86_64": "qemu-system-x86",
  "redis-benchmark": "redis-tools",
  "redis-cli": "redis-tools",
  "redis-server": "redis-server",
  rndc: "bind9-utils",
  rsync: "rsync",
  ruby: "ruby",
  runuser: "util-linux",
  setfacl: "acl",
  script: "bsdutils",
  secilc: "secilc",
  setarch: "util-linux",
  setpriv: "util-linux",
  setsid: "util-linux",
  skopeo: "skopeo",
  socat: "socat",
  spin: "spin",
  ss: "iproute2",
  ssh: "openssh-client",
  "ssh-keygen": "openssh-client",
  sshd: "openssh-server",
  strace: "strace",
  stunnel: "stunnel4",
  su: "util-linux",
  sudo: "sudo",
  systemctl: "systemd",
  "systemd-analyze": "systemd",
  "systemd-run-directory": "systemd",
  "systemd-socket-activate": "systemd",
  tcc: "tcc",
  tclsh: "tcl",
  timeout: "coreutils",
  tshark: "tshark",
  tsocks: "tsocks",
  twisted: "python3-twisted",
  turnserver: "coturn",
  turnutils_peer: "coturn",
  turnutils_uclient: "coturn",
  unshare: "util-linux",
  useradd: "passwd",
  uvloop: "python3-uvloop",
  vsftpd: "vsftpd",
  "valkey-cli": "valkey-tools",
  "valkey-server": "valkey-server",
  valgrind: "valgrind",
  webrick: "ruby-webrick",
  websockify: "websockify",
  wget: "wget",
  wrk: "wrk",
  x11vnc: "x11vnc",
  xargs: "findutils",
  xz: "xz-utils",
  yaml: "python3-yaml",
  zsh: "zsh",
};

/** Needs other than programs, each with the file that shows whether its package is installed. */
const FILES: Record<string, string> = {
  "aarch64-libc": "/usr/aarch64-linux-gnu/include/stdio.h",
  "bash-completion": "/usr/share/bash-completion/bash_completion",
  "clang-runtime-19": "/usr/share/doc/libclang-rt-19-dev/copyright",
  // The checker of units makes it, where root runs it: it is not there before on a machine that systemd did not boot.
  "systemd-run-directory": "/run/systemd",
  "dovecot-pop3": "/usr/share/doc/dovecot-pop3d/copyright",
  "php-fpm": "/usr/share/doc/php-fpm/copyright",
  netty: "/usr/share/java/netty-transport.jar",
  novnc: "/usr/share/novnc/vnc.html",
  twisted: "/usr/lib/python3/dist-packages/twisted/__init__.py",
  uvloop: "/usr/lib/python3/dist-packages/uvloop/__init__.py",
  yaml: "/usr/lib/python3/dist-packages/yaml/__init__.py",
  pyftpdlib: "/usr/lib/python3/dist-packages/pyftpdlib/__init__.py",
  webrick: "/usr/share/doc/ruby-webrick/copyright",
};

/** Directories that an unprivileged user's PATH does not have. */
const SYSTEM_DIRECTORIES = ["/usr/local/sbin", "/usr/sbin", "/sbin"];
const GIT_DIRECTORY = "/usr/lib/git-core";

/** @returns The PATH with the directories of servers, which an ordinary user's does not have. */
export function searchPath(): string {
  const path = (Deno.env.get("PATH") ?? "").split(":");
  return [...path, ...SYSTEM_DIRECTORIES.filter((directory) => !path.includes(directory))].join(":");
}

/**
 * Finds a program.
 *
 * @param program The program's name, without a directory.
 * @returns The program's absolute path, or undefined if it is not installed.
 */
export function findProgram(program: string): string | undefined {
  for (const directory of [...searchPath().split(":"), GIT_DIRECTORY, ...postgresDirectories()]) {
    const file = `${directory}/${program}`;
    if (isExecutable(file)) return file;
  }
  return undefined;
}

function isThere(name: string): boolean {
  const file = FILES[name];
  return file === undefined ? findProgram(name) !== undefined : statOrUndefined(file) !== undefined;
}

/** Debian keeps the programs of each PostgreSQL version in a directory of its own. */
function postgresDirectories(): string[] {
  try {
    return [...Deno.readDirSync("/usr/lib/postgresql")].map(({ name }) => `/usr/lib/postgresql/${name}/bin`);
  } catch {
    return [];
  }
}

function isExecutable(file: string): boolean {
  try {
    const { isFile, mode } = Deno.statSync(file);
    return isFile && ((mode ?? 0) & 0o111) !== 0;
  } catch {
    return false;
  }
}

/**
 * Tells whether a test can run here, for `ignore: !need("nginx", "curl")`.
 *
 * @param programs Names of programs that the test starts.
 * @returns False when one of them is missing.
 * @throws {Error} naming the Debian package, instead of false, when UNSOCK_MUST_WORK is 1.
 */
export function need(...programs: string[]): boolean {
  const missing = programs.filter((program) => !isThere(program));
  if (missing.length === 0) return true;
  const packages = missing.map((program) => PACKAGES[program] ?? program);
  noteSkip({ programs: missing, packages });
  return refuseToSkip(missing.join(", "), `apt-get install ${packages.join(" ")}`);
}

/**
 * Skips a test for something that this machine does not have.
 *
 * @param remedy The advice in the error.
 * @returns False.
 * @throws {Error} instead, when UNSOCK_MUST_WORK is 1.
 */
export function skipWithout(missing: string, remedy: string): false {
  noteSkip({ missing, remedy });
  return refuseToSkip(missing, remedy);
}

function refuseToSkip(missing: string, remedy: string): false {
  if (Deno.env.get("UNSOCK_MUST_WORK") === "1") throw new Error(`missing ${missing}: ${remedy}`);
  return false;
}

/** Prints the packages of the programs that are missing, one a line. */
if (import.meta.main) {
  const missing = Object.keys(PACKAGES).filter((program) => !isThere(program));
  const packages = new Set(missing.map((program) => PACKAGES[program] ?? program));
  for (const name of [...packages].sort()) console.log(name);
}
