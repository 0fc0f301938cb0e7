/** The programs that speak UDP, each with its servers and a client whose rate can be chosen. */
import * as path from "@std/path/posix";

/** The files and ports of one measurement. */
export interface Site {
  readonly directory: string;
  readonly port: number;
  /** The TCP port of a server behind the UDP server. */
  readonly backPort: number;
  readonly rate: number;
  readonly seconds: number;
  /** Files in PEM: a certificate, its key, and both in one file. */
  readonly certificate: string;
  readonly key: string;
  readonly both: string;
}

/** A server, and the socket that shows that it is ready. */
export interface Server {
  readonly command: readonly string[];
  readonly type: "tcp" | "udp";
  readonly port: number;
}

export interface UdpProgram {
  readonly name: string;
  readonly title: string;
  readonly unit: string;
  readonly needs: readonly string[];
  readonly packages: string;
  /** The rate to begin with, and the highest to try. */
  readonly first: number;
  readonly most: number;
  /**
   * The least number of datagrams for each unit of work, such as a megabyte, a question or a call. 0 if `rate` is a
   * size instead of a rate.
   */
  readonly datagrams: number;
  readonly prepare?: (site: Site) => Promise<void>;
  readonly servers: (site: Site) => Server[];
  readonly client: (site: Site) => string[];
}

/** Debian's own Python: Debian's packages of Python modules are for this one alone. */
const PYTHON = "/usr/bin/python3";
const AIOQUIC = "/usr/lib/python3/dist-packages/aioquic/__init__.py";
const HERE = import.meta.dirname ?? ".";

const KILO = 1000;
const MEGA = 1e6;
/** Bytes of one datagram of iperf3. */
const IPERF_BYTES = 1200;
/** A picture of 160 by 120 in UYVY has 38,400 bytes, 28 datagrams of RTP. */
const PICTURE_DATAGRAMS = 28;
/** The datagrams of a megabyte over QUIC, each of at most 1,500 bytes. */
const QUIC_DATAGRAMS = MEGA / 1500;
/** The size of the file that ngtcp2's client fetches. */
export const WINDOW_BYTES = 40 * MEGA;

function udp(command: string[], { port }: Site): Server {
  return { command, type: "udp", port };
}

/** Writes a file into the site's directory. Returns the file's path. */
async function write({ directory }: Site, name: string, text: string): Promise<string> {
  const file = path.join(directory, name);
  await Deno.writeTextFile(file, text);
  return file;
}

async function makeBody({ directory }: Site, bytes: number): Promise<void> {
  const file = path.join(directory, "body");
  await Deno.writeTextFile(file, "");
  await Deno.truncate(file, bytes);
}

async function writeNginx(site: Site, listen: string): Promise<void> {
  const { directory, certificate, key, rate, seconds } = site;
  await makeBody(site, rate * seconds * MEGA);
  await write(
    site,
    "nginx.conf",
    `user root; daemon off; worker_processes 1; pid ${directory}/nginx.pid; error_log stderr crit;
events { worker_connections 512; }
http {
  access_log off;
  client_body_temp_path ${directory}; proxy_temp_path ${directory}; fastcgi_temp_path ${directory};
  uwsgi_temp_path ${directory}; scgi_temp_path ${directory};
  server { ${listen} ssl_certificate ${certificate}; ssl_certificate_key ${key}; root ${directory}; }
}
`,
  );
}

function nginx({ directory }: Site): string[] {
  return ["nginx", "-p", directory, "-c", `${directory}/nginx.conf`, "-e", "stderr"];
}

function curl({ port, rate, seconds }: Site): string[] {
  const limits = ["--limit-rate", `${rate * MEGA}`, "--max-time", `${seconds * 4}`];
  return ["curl", "--http3-only", "-sS", "-k", "-o", "/dev/null", ...limits, `https://127.0.0.1:${port}/body`];
}

async function writeQuestions(site: Site): Promise<string> {
  return await write(site, "questions", "www.example.test A\n");
}

function dnsperf({ directory, port, rate, seconds }: Site): string[] {
  const load = ["-Q", `${rate}`, "-l", `${seconds}`, "-c", "20", "-T", "1", "-q", "1000", "-t", "1"];
  return ["dnsperf", "-s", "127.0.0.1", "-p", `${port}`, "-d", `${directory}/questions`, ...load];
}

export const UDP_PROGRAMS: readonly UdpProgram[] = [
  {
    name: "quic-nginx",
    title: "HTTP/3: curl fetches from nginx",
    unit: "MB/s",
    needs: ["nginx", "curl", "openssl"],
    packages: "nginx curl openssl",
    first: 4,
    most: 512,
    datagrams: QUIC_DATAGRAMS,
    prepare: (site) => writeNginx(site, `listen 127.0.0.1:${site.port} quic; listen 127.0.0.1:${site.port} ssl;`),
    servers: (site) => [udp(nginx(site), site)],
    client: curl,
  },
  {
    name: "quic-haproxy",
    title: "HTTP/3: curl fetches from HAProxy",
    unit: "MB/s",
    needs: ["haproxy", "nginx", "curl", "openssl"],
    packages: "haproxy nginx curl openssl",
    first: 4,
    most: 512,
    datagrams: QUIC_DATAGRAMS,
    prepare: async (site) => {
      const { port, backPort, both } = site;
      await writeNginx(site, `listen 127.0.0.1:${backPort};`);
      await write(
        site,
        "haproxy.cfg",
        `global
  limited-quic
defaults
  mode http
  timeout connect 5s
  timeout client 10s
  timeout server 10s
frontend front
  bind quic4@127.0.0.1:${port} ssl crt ${both} alpn h3
  default_backend back
backend back
  server behind 127.0.0.1:${backPort}
`,
      );
    },
    servers: (site) => [
      { command: nginx(site), type: "tcp", port: site.backPort },
      udp(["haproxy", "-db", "-f", `${site.directory}/haproxy.cfg`], site),
    ],
    client: curl,
  },
  {
    name: "quic-aioquic",
    title: "QUIC: a stream between two aioquic programs",
    unit: "KB/s",
    needs: [PYTHON, AIOQUIC, "openssl"],
    packages: "python3 python3-aioquic openssl",
    first: 500,
    most: 64_000,
    datagrams: KILO / 1500,
    servers: (site) => [
      udp([PYTHON, `${HERE}/quic_stream.py`, "serve", `${site.port}`, site.certificate, site.key], site),
    ],
    client: ({ port, rate, seconds }) => [
      ...[PYTHON, `${HERE}/quic_stream.py`, "fetch", `${port}`, `${rate * KILO}`, `${seconds}`],
    ],
  },
  {
    name: "quic-ngtcp2",
    title: "QUIC: ngtcp2's client fetches 40 MB from its server, with this flow control window",
    unit: "KB",
    needs: ["gtlsserver", "gtlsclient", "openssl"],
    packages: "ngtcp2-server ngtcp2-client openssl",
    first: 64,
    most: 16_384,
    datagrams: 0,
    prepare: (site) => makeBody(site, WINDOW_BYTES),
    servers: (site) => [
      udp(
        ["gtlsserver", "-q", "-d", site.directory, "127.0.0.1", `${site.port}`, site.key, site.certificate],
        site,
      ),
    ],
    client: ({ port, rate }) => [
      "gtlsclient",
      ...["-q", "--exit-on-all-streams-close", "--max-window=16M", `--max-stream-window=${rate}K`],
      ...[`--max-data=${rate}K`, `--max-stream-data-bidi-local=${rate}K`],
      ...["127.0.0.1", `${port}`, `https://127.0.0.1:${port}/body`],
    ],
  },
  {
    name: "dns-unbound",
    title: "DNS: dnsperf asks unbound, from 20 sockets",
    unit: "questions/s",
    needs: ["dnsperf", "unbound"],
    packages: "dnsperf unbound",
    first: 4000,
    most: 256_000,
    datagrams: 2,
    prepare: async (site) => {
      await writeQuestions(site);
      await write(
        site,
        "unbound.conf",
        `server:
  interface: 127.0.0.1
  port: ${site.port}
  do-daemonize: no
  chroot: ""
  username: ""
  pidfile: ""
  directory: "${site.directory}"
  use-syslog: no
  num-threads: 1
  local-zone: "example.test." static
  local-data: "www.example.test. 3600 IN A 10.1.2.3"
  module-config: "iterator"
remote-control:
  control-enable: no
`,
      );
    },
    servers: (site) => [udp(["unbound", "-c", `${site.directory}/unbound.conf`], site)],
    client: dnsperf,
  },
  {
    name: "dns-knot",
    title: "DNS: dnsperf asks Knot, from 20 sockets",
    unit: "questions/s",
    needs: ["dnsperf", "knotd"],
    packages: "dnsperf knot",
    first: 4000,
    most: 256_000,
    datagrams: 2,
    prepare: async (site) => {
      const { directory, port } = site;
      await writeQuestions(site);
      await write(
        site,
        "example.test.zone",
        `$TTL 3600
@ SOA ns hostmaster 1 3600 900 604800 300
@ NS ns
ns A 10.1.2.1
www A 10.1.2.3
`,
      );
      await write(
        site,
        "knot.conf",
        `server:
    rundir: "${directory}"
    listen: 127.0.0.1@${port}
    udp-workers: 1
    tcp-workers: 1
    background-workers: 1
log:
  - target: stderr
    any: error
database:
    storage: "${directory}"
zone:
  - domain: example.test
    storage: "${directory}"
    file: example.test.zone
`,
      );
    },
    servers: (site) => [udp(["knotd", "-c", `${site.directory}/knot.conf`], site)],
    client: dnsperf,
  },
  {
    name: "sip",
    title: "SIP: sipp calls sipp, a socket for each call",
    unit: "calls/s",
    needs: ["sipp"],
    packages: "sip-tester",
    first: 250,
    most: 16_000,
    datagrams: 6,
    servers: (site) => [
      udp(["sipp", "-sn", "uas", "-i", "127.0.0.1", "-p", `${site.port}`, "-t", "u1", "-nostdin"], site),
    ],
    client: ({ port, rate, seconds }) => [
      ...["sipp", "-sn", "uac", `127.0.0.1:${port}`, "-i", "127.0.0.1", "-t", "un", "-nostdin"],
      ...["-r", `${rate}`, "-m", `${rate * seconds}`, "-l", "15000", "-max_socket", "15000"],
      ...["-timeout", `${seconds * 4}s`],
    ],
  },
  {
    name: "memcached",
    title: "memcached: a Python program asks it over UDP, from 16 sockets",
    unit: "questions/s",
    needs: ["memcached", PYTHON],
    packages: "memcached python3",
    first: 2000,
    most: 128_000,
    datagrams: 2,
    servers: (site) => [
      udp(["memcached", "-u", "root", "-l", "127.0.0.1", "-p", "0", "-U", `${site.port}`, "-t", "1"], site),
    ],
    client: ({ port, rate, seconds }) => [
      ...[PYTHON, `${HERE}/ask_memcached.py`, `${port}`, `${rate}`, `${seconds}`],
    ],
  },
  {
    name: "rtp",
    title: `RTP: GStreamer sends pictures, ${PICTURE_DATAGRAMS} datagrams at once for each`,
    unit: "pictures/s",
    needs: ["gst-launch-1.0", "/usr/share/doc/gstreamer1.0-plugins-good/copyright"],
    packages: "gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good",
    first: 30,
    most: 4000,
    datagrams: PICTURE_DATAGRAMS,
    servers: (site) => [
      udp(["gst-launch-1.0", "-q", "udpsrc", "address=127.0.0.1", `port=${site.port}`, "!", "fakesink"], site),
    ],
    client: ({ port, rate, seconds }) => [
      ...["gst-launch-1.0", "-q", "videotestsrc", "is-live=true", "pattern=black", `num-buffers=${rate * seconds}`],
      ...["!", `video/x-raw,format=UYVY,width=160,height=120,framerate=${rate}/1`],
      ...["!", "rtpvrawpay", "!", "udpsink", "host=127.0.0.1", `port=${port}`],
    ],
  },
  {
    name: "iperf3",
    title: `iperf3 -u, ${IPERF_BYTES} bytes a datagram`,
    unit: "datagrams/s",
    needs: ["iperf3"],
    packages: "iperf3",
    first: 4000,
    most: 512_000,
    datagrams: 1,
    servers: (site) => [
      { command: ["iperf3", "-s", "-B", "127.0.0.1", "-p", `${site.port}`], type: "tcp", port: site.port },
    ],
    client: ({ port, rate, seconds }) => [
      ...["iperf3", "-u", "-c", "127.0.0.1", "-p", `${port}`, "-t", `${seconds}`],
      ...["-l", `${IPERF_BYTES}`, "-b", `${rate * IPERF_BYTES * 8}`],
    ],
  },
];
