/** Writes systemd units for a command under unsock. */

/** A service, and the values for its units. */
export interface Service {
  readonly name: string;
  /** The library's path. The library starts the command, and is preloaded into it or traps its system calls. */
  readonly library: string;
  readonly command: readonly string[];
  readonly environment: readonly (readonly [name: string, value: string])[];
  /** The directory of the socket files; below `/run`, systemd makes it. */
  readonly directory: string;
  readonly directoryMode: string;
  /** The service's user, or undefined for a dynamic user. */
  readonly user: string | undefined;
  readonly group: string | undefined;
  /** Whether the service may use IP where nothing is redirected. */
  readonly network: boolean;
  /** Files at which systemd listens for the service. If there are none, the service listens itself. */
  readonly sockets: readonly string[];
  readonly socketMode: string;
}

/** The unit's settings that hide directories from the service. */
const HIDDEN = [
  { setting: "ProtectHome=yes", directories: ["/home", "/root", "/run/user"] },
  { setting: "PrivateTmp=yes", directories: ["/tmp", "/var/tmp"] },
] as const;

/** @returns The unit's line that hides a file, given by its real path, from the service; undefined if none does. */
export function hiddenBy(file: string): string | undefined {
  const isBelow = (directory: string) => file === directory || file.startsWith(`${directory}/`);
  return HIDDEN.find(({ directories }) => directories.some(isBelow))?.setting;
}

/** Restrictions of the service with which servers in general still work. */
const HARDENED = `NoNewPrivileges=yes
CapabilityBoundingSet=
ProtectSystem=strict
ProtectHome=yes
PrivateTmp=yes
PrivateDevices=yes
ProtectProc=invisible
ProtectClock=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectControlGroups=yes
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
LockPersonality=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service seccomp`;

/** Quotes a word of a line, as systemd.syntax(7) and systemd.service(5) read it. */
export function quoteWord(word: string, isCommand: boolean): string {
  const plain = word.replaceAll("%", "%%");
  const escaped = isCommand ? plain.replaceAll("$", "$$$$") : plain;
  if (/^[A-Za-z0-9_@%+=:,./$-]+$/.test(escaped)) return escaped;
  const inside = escaped.replace(/["\\]/g, "\\$&").replaceAll("\n", "\\n").replaceAll("\t", "\\t");
  return `"${inside}"`;
}

/** @returns `NAME` if systemd makes `/run/NAME` for the service; else undefined. */
export function runtimeDirectory({ directory, sockets }: Service): string | undefined {
  return sockets.length > 0 ? undefined : /^\/run\/(.+)$/.exec(directory)?.[1];
}

/** @returns The text of `NAME.service`. */
export function serviceUnit(service: Service): string {
  const { name, library, command, environment, directory, directoryMode, user, group, network } = service;
  const runtime = runtimeDirectory(service);
  const lines = [
    `ExecStart=${[library, "run", "--", ...command].map((word) => quoteWord(word, true)).join(" ")}`,
    ...environment.map(([variable, value]) => `Environment=${quoteWord(`${variable}=${value}`, false)}`),
    user === undefined ? "DynamicUser=yes" : `User=${user}`,
    ...group === undefined ? [] : [`Group=${group}`],
    ...runtime === undefined ? [] : [`RuntimeDirectory=${runtime}`, `RuntimeDirectoryMode=${directoryMode}`],
    ...runtime === undefined && service.sockets.length === 0 ? [`ReadWritePaths=${quoteWord(directory, false)}`] : [],
    "Restart=on-failure",
    `RestrictAddressFamilies=AF_UNIX${network ? " AF_INET AF_INET6 AF_NETLINK" : ""}`,
    HARDENED,
  ];
  const socket = service.sockets.length === 0 ? "" : `Requires=${name}.socket\n`;
  const install = service.sockets.length === 0 ? "\n[Install]\nWantedBy=multi-user.target\n" : "";
  return `[Unit]
Description=${name} on Unix sockets in ${directory.replaceAll("%", "%%")}
${socket}
[Service]
${lines.join("\n")}
${install}`;
}

/** @returns The text of `NAME.socket`. */
export function socketUnit({ name, directory, sockets, socketMode, group }: Service): string {
  return `[Unit]
Description=Unix sockets of ${name} in ${directory.replaceAll("%", "%%")}

[Socket]
${
    sockets.map((file) => {
      const kind = file.endsWith(".dgram.sock") ? "ListenDatagram" : "ListenStream";
      return `${kind}=${file.replaceAll("%", "%%")}`;
    }).join("\n")
  }
SocketMode=${socketMode.padStart(4, "0")}
${group === undefined ? "" : `SocketGroup=${group}\n`}RemoveOnStop=yes

[Install]
WantedBy=sockets.target
`;
}
