/** Control files as `make-control` of unsock 2.0 wrote them, for the same options: the bytes must not change. */

/** Expands a repeated letter: `<p*107>`. */
function unfold(text: string): string {
  return text.replace(/<(\w+)\*(\d+)>/g, (_, letter: string, count: string) => letter.repeat(Number(count)));
}

/** Options, the bytes that are not zero ("OFFSET:HEX"), and where the file leads. The magic number is in all of them. */
const TABLE: readonly (readonly [options: string, parts: string, target: string])[] = [
  ["--vsock-port 5678", "20:10 160:28 164:2e160000ffffffff", "vsock port 5678, CID any"],
  ["--vsock-port 1 --vsock-cid 3", "20:10 160:28 164:01 168:03", "vsock port 1, CID 3"],
  ["--vsock-port 4294967294 --vsock-cid host", "20:10 160:28 164:feffffff02", "vsock port 4294967294, CID 2 (host)"],
  [
    "--vsock-port 7 --vsock-cid local --half-close hold",
    "20:10 160:28 164:07 168:01 412:68616c6601",
    "vsock port 7, CID 1 (local)",
  ],
  [
    "--vsock-port 5678 --half-close pass",
    "20:10 160:28 164:2e160000ffffffff 412:68616c6602",
    "vsock port 5678, CID any",
  ],
  [
    "--vsock-port 2 --sockopt SO_RCVTIMEO=2.5 --sockopt SO_SNDTIMEO=0.000001 --sockopt 40:9=5 --sockopt SO_MARK=4294967295",
    "20:10 160:28 164:02 168:ffffffff 288:01 292:14 296:02 304:20a107 328:01 332:15 344:01 368:28 372:09 376:05 408:01 412:24 416:ffffffff",
    "vsock port 2, CID any",
  ],
  [
    "--fc-sock /nonexistent/v.sock --vsock-port 52",
    "8:01 16:6e 20:10 32:01002f6e6f6e6578697374656e742f762e736f636b 160:28 164:34 168:ffffffff",
    "port 52 of the guest behind Firecracker's Unix socket /nonexistent/v.sock",
  ],
  [
    "--fc-sock /nonexistent/<v*95> --vsock-port 52 --half-close pass",
    "8:01 16:6e 20:10 32:01002f6e6f6e6578697374656e742f<76*95> 160:28 164:34 168:ffffffff 412:68616c6602",
    "port 52 of the guest behind Firecracker's Unix socket /nonexistent/<v*95>",
  ],
  [
    "--fc-listen /run/vm/v.sock --vsock-port 52",
    "20:14 160:01002f72756e2f766d2f762e736f636b5f3532 412:68616c6601",
    "Unix socket /run/vm/v.sock_52",
  ],
  [
    "--fc-listen /run/vm/v.sock --vsock-port 52 --half-close pass --sockopt SO_SNDBUF=8192",
    "20:14 160:01002f72756e2f766d2f762e736f636b5f3532 288:01 292:07 297:20 412:68616c6602",
    "Unix socket /run/vm/v.sock_52",
  ],
  ["--tipc-type 128 --tipc-instance 99", "20:10 160:1e00020280 168:63", "TIPC service 128, instance 99, scope cluster"],
  [
    "--tipc-type 128 --tipc-lower 1 --tipc-upper 9 --tipc-scope node",
    "20:10 160:1e00010380 168:01 172:09",
    "TIPC service range 128:1-9, scope node",
  ],
  [
    "--tipc-type 128 --tipc-lower 99 --tipc-upper 0 --tipc-addrtype service",
    "20:10 160:1e00020280 168:63",
    "TIPC service 128, instance 99, scope cluster",
  ],
  [
    "--tipc-type 128 --tipc-instance 7 --tipc-addrtype range --tipc-scope 0",
    "20:10 160:1e00010080 168:07 172:07",
    "TIPC service range 128:7-7, scope 0",
  ],
  [
    "--tipc-type 4294967295 --tipc-instance 4294967295 --tipc-addrtype 3 --tipc-scope 1",
    "20:10 160:1e000301ffffffffffffffff",
    "TIPC socket 4294967295 on node 4294967295, scope 1",
  ],
  [
    "--tipc-type 18888 --tipc-instance 0 --sockopt TIPC_GROUP_JOIN=18888:1:2:3 --sockopt TIPC_IMPORTANCE=-3",
    "20:10 160:1e000202c849 288:0f01000087 296:c849000001 304:02 308:03 328:0f0100007f 336:fdffffff",
    "TIPC service 18888, instance 0, scope cluster",
  ],
  ["--unix /x", "20:05 160:01002f78", "Unix socket /x"],
  ["--unix /run/../a//b", "20:0f 160:01002f72756e2f2e2e2f612f2f62", "Unix socket /run/../a//b"],
  ["--unix /dev/null", "20:0c 160:01002f6465762f6e756c6c", "nobody: connections are refused"],
  ["--unix @name", "20:07 160:0100006e616d65", "Unix socket @name"],
  ["--unix @<q*107>", "20:6e 160:010000<71*107>", "Unix socket @<q*107>"],
  ["--unix /<p*106>", "20:6e 160:01002f<70*106>", "Unix socket /<p*106>"],
  ["--unix /<p*107>", "20:6e 160:01002f<70*107>", "Unix socket /<p*107>"],
  ["--unix /ü --half-close hold", "20:06 160:01002fc3bc 412:68616c6601", "Unix socket /ü"],
  [
    "--unix /x --sockopt SO_RCVBUF=-2 --sockopt 1:8=5 --sockopt SO_RCVTIMEO=999999999.999999 --half-close pass",
    "20:05 160:01002f78 288:01 292:08 296:feffffff 328:01 332:08 336:05 368:01 372:14 376:ffc99a3b 384:3f420f 412:68616c6602",
    "Unix socket /x",
  ],
  ["--inet 192.0.2.1:80", "20:10 160:02000050c0000201", "192.0.2.1:80"],
  ["--inet 0.0.0.0:65535 --sockopt TCP_NODELAY=1", "20:10 160:0200ffff 288:06 292:01 296:01", "0.0.0.0:65535"],
  ["--inet [::]:1", "20:1c 160:0a000001", "[::]:1"],
  ["--inet [2001:db8::1%2]:443", "20:1c 160:0a0001bb 168:20010db8 183:0102", "[2001:db8::1%2]:443"],
  ["--inet [::ffff:192.0.2.1]:80", "20:1c 160:0a000050 178:ffffc0000201", "[192.0.2.1]:80"],
  [
    "--inet [1:2:3:4:5:6:192.0.2.1]:9",
    "20:1c 160:0a000009 169:0100020003000400050006c0000201",
    "[1:2:3:4:5:6:c000:201]:9",
  ],
  ["--inet [ABCD::ef%4294967295]:080", "20:1c 160:0a000050 168:abcd 183:efffffffff", "[abcd::ef%4294967295]:80"],
  ["--refuse", "20:0c 160:01002f6465762f6e756c6c", "nobody: connections are refused"],
  ["--refuse --half-close hold", "20:0c 160:01002f6465762f6e756c6c 412:68616c6601", "nobody: connections are refused"],
];

/** One of these control files. */
export interface GoldenControlFile {
  readonly options: readonly string[];
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly target: string;
}

export const GOLDEN_CONTROL_FILES: readonly GoldenControlFile[] = TABLE.map(([options, parts, target]) => {
  const bytes = new Uint8Array(452);
  for (const part of `0:554e534b ${unfold(parts)}`.split(" ")) {
    const [offset, hex = ""] = part.split(":");
    bytes.set(Array.from(hex.matchAll(/../g), ([byte]) => parseInt(byte, 16)), Number(offset));
  }
  return { options: unfold(options).split(" "), bytes, target: unfold(target) };
});
