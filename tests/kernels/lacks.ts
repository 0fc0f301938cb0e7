/** Lists the lines that differ from TCP and UDP on kernels without some feature (docs/limits.md). */
import type { Difference, Differences } from "../support/differences.ts";
import { isBefore } from "../support/kernel.ts";

interface Lack {
  /** The first kernel that is known to have it. */
  readonly before: string;
  /** Whom it concerns; undefined: all. */
  readonly user?: "root" | "user";
  readonly probes: Readonly<Record<string, Differences>>;
}

/** The same for several lines. */
function lines(names: readonly string[], difference: Difference): Differences {
  return Object.fromEntries(names.map((name) => [name, difference]));
}

const STREAMS = ["IPv4 stream", "IPv6 stream"].flatMap((name) => [`${name}: SO_WHAT early`, `${name}: SO_WHAT late`]);

function ofStreams(option: string, end = ""): string[] {
  return STREAMS.map((name) => name.replace("SO_WHAT", option) + end);
}

const PEEK_OFF = "TCP has had SO_PEEK_OFF since 6.9; AF_UNIX, which answers, always had it";
const PASSCRED =
  "an accepted TCP socket has had its listener's SO_PASSCRED since 6.16, as the library's has everywhere";

/** Returns the lines printed instead, all for one reason. */
function because(why: string, instead: Readonly<Record<string, string>>): Differences {
  return Object.fromEntries(Object.entries(instead).map(([name, text]) => [name, { instead: text, why }]));
}

const LACKS: readonly Lack[] = [
  {
    before: "5.15",
    probes: {
      stream_data: because("AF_UNIX has had urgent data since 5.15", {
        "send MSG_OOB": "EOPNOTSUPP",
        "receive the urgent byte": "EOPNOTSUPP",
        "the urgent byte": "did not come",
        "read up to the mark": "4",
        "at the mark, when there": "0",
        "read beyond the mark": "EAGAIN",
      }),
      endings_splice: because("TCP's sendfile stopped before the last, incomplete page (seen on 5.10, not on 6.1)", {
        "large: first (3)": "50000",
        "large: offset (3)": "300000",
        "large: second (3)": "0",
      }),
    },
  },
  {
    before: "6.5",
    probes: {
      endings_splice: {
        "large: first (2)": { instead: "65531", why: "sendfile passed on whole pages alone only since 6.5" },
        "large: offset (2)": { instead: "65536", why: "the same" },
      },
    },
  },
  {
    before: "6.9",
    probes: {
      rare_options: lines(["client: SO_PEEK_OFF", "accepted: SO_PEEK_OFF"], {
        instead: "set EOPNOTSUPP, get -1 in 4 bytes",
        why: PEEK_OFF,
      }),
      carried_options: {
        ...lines(ofStreams("SO_PEEK_OFF"), {
          instead: "set EOPNOTSUPP, get -1 in 4 bytes, duplicate -1 in 4 bytes",
          why: PEEK_OFF,
        }),
        ...lines(ofStreams("SO_PEEK_OFF", ": accepted"), { instead: "-1 in 4 bytes", why: PEEK_OFF }),
      },
    },
  },
  {
    before: "6.12",
    probes: {
      stream_data: {
        "at the mark, when there": {
          instead: "0",
          why: "AF_UNIX tells of no mark once its urgent byte has been received",
        },
      },
    },
  },
  {
    before: "6.16",
    probes: {
      carried_options: lines(ofStreams("SO_PASSCRED", ": accepted"), { instead: "1 in 4 bytes", why: PASSCRED }),
    },
  },
  {
    before: "6.18",
    user: "user",
    probes: {
      edges_control: lines(
        ["its own length", "16 too"].map((what) => `sendmsg stream, control 1/36, cmsg_len ${what}, length 16 to 200`),
        {
          instead: "EPERM",
          why: "TCP called every refused control message EINVAL, AF_UNIX says why (SO_MARK is root's)",
        },
      ),
    },
  },
];

/**
 * @param release A kernel's version.
 * @param probe A probe's name.
 * @param user The user who runs it.
 * @returns The lines that the probe prints there instead.
 */
export function lackOf(release: string, probe: string, user: "root" | "user"): Differences {
  const lacks = LACKS.filter((one) => isBefore(release, one.before) && (one.user ?? user) === user);
  return Object.assign({}, ...lacks.map(({ probes }) => probes[probe] ?? {}));
}
