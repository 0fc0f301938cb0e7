/** An interpreter of classic BPF as seccomp uses it: enough to get a filter's verdict on a system call. */

/** One instruction: `struct sock_filter`. */
export interface Instruction {
  code: number;
  jt: number;
  jf: number;
  k: number;
}

/** The input of a filter: `struct seccomp_data`. */
export interface SystemCall {
  number: number;
  machine: number;
  args?: bigint[];
}

const DATA_SIZE = 64;

/** Codes of instructions, composed as in linux/bpf_common.h (BPF_CLASS | BPF_SIZE | BPF_MODE, for example). */
const LOAD_WORD = 0x20;
const AND = 0x54;
const JUMP_EQUAL = 0x15;
const JUMP_GREATER_OR_EQUAL = 0x35;
const RETURN = 0x06;

function seccompData({ number, machine, args = [] }: SystemCall): DataView {
  const view = new DataView(new ArrayBuffer(DATA_SIZE));
  view.setInt32(0, number, true);
  view.setUint32(4, machine, true);
  args.forEach((value, index) => view.setBigUint64(16 + index * 8, BigInt.asUintN(64, value), true));
  return view;
}

/**
 * Runs a filter.
 *
 * @param program The instructions.
 * @param call The system call that it decides about.
 * @returns The verdict: one of SECCOMP_RET_* with its data.
 * @throws {Error} for programs that the kernel would refuse: unknown instructions, loads and jumps out of bounds.
 */
export function runFilter(program: Instruction[], call: SystemCall): number {
  const data = seccompData(call);
  let accumulator = 0;
  for (let at = 0; at < program.length; at++) {
    const { code, jt, jf, k } = program[at] as Instruction;
    switch (code) {
      case LOAD_WORD:
        if (k % 4 !== 0 || k + 4 > DATA_SIZE) throw new Error(`instruction ${at}: load from ${k}`);
        accumulator = data.getUint32(k, true);
        break;
      case AND:
        accumulator = (accumulator & k) >>> 0;
        break;
      case JUMP_EQUAL:
        at += accumulator === k ? jt : jf;
        break;
      case JUMP_GREATER_OR_EQUAL:
        at += accumulator >= k ? jt : jf;
        break;
      case RETURN:
        return k;
      default:
        throw new Error(`instruction ${at}: unknown code ${code}`);
    }
  }
  throw new Error("the program runs past its end");
}
