/** Formats the systemd units of a user's front: systemd listens, and starts the front at the first request. */
import { quoteWord } from "./unit_files.ts";

/** A front, and the values for its units. */
export interface FrontService {
  readonly name: string;
  /** The absolute path of `unsock`, and its arguments. */
  readonly command: readonly string[];
  readonly address: string;
  readonly port: number;
  /** The URL that lists all loopbacks. */
  readonly url: string;
}

/** @returns The text of `NAME.service`. */
export function frontServiceUnit({ name, command, url }: FrontService): string {
  return `[Unit]
Description=All loopbacks of unsock by name, at ${url.replaceAll("%", "%%")}
Requires=${name}.socket
After=${name}.socket

[Service]
ExecStart=${command.map((word) => quoteWord(word, true)).join(" ")}
Restart=on-failure
NoNewPrivileges=yes
LockPersonality=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
`;
}

/** @returns The text of `NAME.socket`. */
export function frontSocketUnit({ address, port, url }: FrontService): string {
  const place = address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
  return `[Unit]
Description=Socket of the front at ${url.replaceAll("%", "%%")}

[Socket]
ListenStream=${place}
Backlog=4096

[Install]
WantedBy=sockets.target
`;
}
