/** The options of `make-control`, and the variables for the same values when the library runs as a program. */
import type { Option, OptionValues } from "../system/options.ts";
import { SOCKET_OPTION_NAMES } from "./socket_options.ts";

/** An environment variable that the library reads when it runs as a program. */
export interface ControlVariable {
  readonly name: `UNSOCK_${string}`;
  readonly value: string;
  readonly help: string;
}

/** An option that describes a control file. */
export interface ControlOption extends Option {
  readonly variable?: ControlVariable;
}

/** The variable that names the file to make. For `make-control`, the operand FILE names it. */
export const CONTROL_FILE_VARIABLE: ControlVariable = {
  name: "UNSOCK_FILE",
  value: "file",
  help: "the control file to make; must not exist",
};

/** The options that describe a control file. */
export const CONTROL_OPTIONS = {
  vsockPort: {
    value: "n",
    help: "AF_VSOCK port",
    variable: { name: "UNSOCK_VSOCK_PORT", value: "n", help: "AF_VSOCK port" },
  },
  vsockCid: {
    value: "cid",
    choices: ["any", "host", "local"],
    help: "AF_VSOCK context id: a number, any, host or local",
    default: "any",
    variable: { name: "UNSOCK_VSOCK_CID", value: "n", help: "AF_VSOCK context id (default: any)" },
  },
  fcSock: {
    value: "path",
    kind: "file",
    help: "Firecracker's Unix socket; connects to --vsock-port in the guest",
    variable: { name: "UNSOCK_FC_SOCK", value: "path", help: "Firecracker's Unix socket" },
  },
  fcListen: {
    value: "path",
    kind: "file",
    help: "Firecracker's Unix socket; accepts the guest's connections to --vsock-port of the host",
  },
  tipcType: {
    value: "n",
    help: "AF_TIPC service type",
    variable: { name: "UNSOCK_TIPC_TYPE", value: "n", help: "service type" },
  },
  tipcInstance: { value: "n", help: "AF_TIPC service instance" },
  tipcLower: {
    value: "n",
    help: "AF_TIPC range: first instance",
    variable: { name: "UNSOCK_TIPC_LOWER", value: "n", help: "instance, or first instance of a range" },
  },
  tipcUpper: {
    value: "n",
    help: "AF_TIPC range: last instance",
    variable: { name: "UNSOCK_TIPC_UPPER", value: "n", help: "domain, or last instance of a range" },
  },
  tipcScope: {
    value: "scope",
    choices: ["cluster", "node"],
    help: "cluster or node",
    default: "cluster",
    variable: { name: "UNSOCK_TIPC_SCOPE", value: "n", help: "2 cluster, 3 node" },
  },
  tipcAddrtype: {
    value: "type",
    choices: ["service", "range", "node"],
    help: "service, range or node",
    default: "as the other options say",
    variable: { name: "UNSOCK_TIPC_ADDRTYPE", value: "n", help: "1 range, 2 service, 3 node" },
  },
  unix: { value: "path", kind: "file", help: "another Unix socket; @NAME is an abstract one" },
  inet: { value: "host:port", help: "an IP address and port, [IPv6]:PORT" },
  refuse: { help: "refuse connections, and let bind fail with EACCES" },
  halfClose: {
    value: "how",
    choices: ["hold", "pass"],
    help: "hold a half-close back until the socket is closed, or pass it on",
    default: "hold for --fc-sock and TIPC, else pass",
    variable: { name: "UNSOCK_HALF_CLOSE", value: "how", help: "hold a half-close back, or pass it on: hold, pass" },
  },
  sockopt: {
    value: "name=value",
    choices: SOCKET_OPTION_NAMES.map((name) => `${name}=`),
    repeated: true,
    help: "set a socket option on the new socket, up to four times",
  },
} as const satisfies Readonly<Record<string, ControlOption>>;

/** The options as the user wrote them. */
export type ControlOptions = OptionValues<typeof CONTROL_OPTIONS>;
