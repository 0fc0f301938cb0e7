/** Signals, stacks and pointers of a program with trapped system calls work as without. */
import { testTrapped } from "../support/probe.ts";

for (const door of ["static", "raw", "musl"] as const) {
  const story = "a program blocks, handles and jumps out of signals, with little stacks and wild pointers, as ever";
  testTrapped("own_signals", story, {}, door);
}

for (const door of ["static", "raw"] as const) {
  testTrapped(
    "registers",
    "a call leaves the registers, the flags and the red zone as the kernel leaves them",
    {},
    door,
  );
}
