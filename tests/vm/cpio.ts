/** Writes cpio archives of the "newc" kind, which is what the kernel unpacks as an initial file system. */

/** A file (with its bytes), a symbolic link (with its target) or a directory of the archive. */
export type Entry =
  | { kind: "file"; path: string; mode: number; bytes: Uint8Array }
  | { kind: "link"; path: string; target: string }
  | { kind: "directory"; path: string };

const MAGIC = "070701";
const TYPE_BITS = { file: 0o100000, link: 0o120000, directory: 0o040000 };
const ALIGNMENT = 4;
const TRAILER = "TRAILER!!!";

const encoder = new TextEncoder();

/**
 * Makes an archive. Directories that an entry needs come before it; all belong to root.
 *
 * @param entries Paths have no leading slash.
 * @returns The archive's bytes.
 */
export function cpio(entries: Iterable<Entry>): Uint8Array<ArrayBuffer> {
  const chunks: Uint8Array[] = [];
  let inode = 1;
  for (const entry of withParents(entries)) chunks.push(...record(entry, inode++));
  chunks.push(...record({ kind: "file", path: TRAILER, mode: 0, bytes: new Uint8Array() }, 0));
  return concatenate(chunks);
}

function* withParents(entries: Iterable<Entry>): Generator<Entry> {
  const made = new Set<string>();
  for (const entry of entries) {
    const parts = entry.path.split("/").slice(0, -1);
    for (const [index] of parts.entries()) {
      const path = parts.slice(0, index + 1).join("/");
      if (!made.has(path)) yield { kind: "directory", path };
      made.add(path);
    }
    if (entry.kind === "directory" && made.has(entry.path)) continue;
    made.add(entry.path);
    yield entry;
  }
}

function record(entry: Entry, inode: number): Uint8Array[] {
  const content = entry.kind === "file"
    ? entry.bytes
    : entry.kind === "link"
    ? encoder.encode(entry.target)
    : new Uint8Array();
  const permissions = entry.kind === "file" ? entry.mode : entry.kind === "link" ? 0o777 : 0o755;
  const name = encoder.encode(entry.path + "\0");
  const mode = TYPE_BITS[entry.kind] | permissions;
  const [uid, gid, links, mtime, device, checksum] = [0, 0, 1, 0, 0, 0];
  const fields = [inode, mode, uid, gid, links, mtime, content.length, device, device, device, device, name.length];
  const header = MAGIC + [...fields, checksum].map((field) => field.toString(16).padStart(8, "0")).join("");
  const head = concatenate([encoder.encode(header), name]);
  return [head, padding(head.length), content, padding(content.length)];
}

function padding(length: number): Uint8Array {
  return new Uint8Array((ALIGNMENT - (length % ALIGNMENT)) % ALIGNMENT);
}

function concatenate(chunks: Uint8Array[]): Uint8Array<ArrayBuffer> {
  const whole = new Uint8Array(chunks.reduce((sum, { length }) => sum + length, 0));
  let offset = 0;
  for (const chunk of chunks) {
    whole.set(chunk, offset);
    offset += chunk.length;
  }
  return whole;
}
