/** The schedules of two users' processes in one directory: only root can be both. */
import { need } from "../support/programs.ts";
import { SCENARIOS } from "./scenarios.ts";
import { assertAsOverIp } from "./some_schedules.ts";

Deno.test("at whatever system calls processes of two users take turns, names and answers are those of TCP and UDP", {
  ignore: !need("cc") || Deno.uid() !== 0,
}, () => assertAsOverIp(SCENARIOS.filter(({ mode }) => mode !== undefined)));
