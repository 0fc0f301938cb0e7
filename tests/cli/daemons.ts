/** redis and nginx as they go into the background by themselves: their titles overwrite what /proc/PID/environ shows. */
import { writeProgram } from "../support/dir.ts";

/** Programs that a test with them needs. */
export const DAEMON_PROGRAMS = ["redis-server", "redis-cli", "nginx", "curl"] as const;

/** Directories that nginx would make below /var. */
const TEMPORARY = ["client_body", "proxy", "fastcgi", "uwsgi", "scgi"];

/**
 * @param dir A directory of the test's own.
 * @returns The command that starts both, waits until they answer on 6379 and 8081, and ends.
 */
export function startDaemons(dir: string): string[] {
  const paths = TEMPORARY.map((name) => `${name}_temp_path ${dir}/${name};`).join(" ");
  const server = "server { listen 127.0.0.1:8081; location / { return 200 served; } }";
  const user = Deno.uid() === 0 ? "user root;" : "";
  const http = `events {} http { access_log off; ${paths} ${server} }`;
  Deno.writeTextFileSync(`${dir}/nginx.conf`, `${user} pid ${dir}/nginx.pid; error_log ${dir}/nginx.log; ${http}`);
  const redis = `redis-server --port 6379 --daemonize yes --pidfile ${dir}/redis.pid --dir ${dir} --save ""`;
  writeProgram(
    `${dir}/start.sh`,
    `#!/bin/sh
     PATH=$PATH:/usr/sbin
     ${redis} >/dev/null && nginx -e ${dir}/nginx.log -c ${dir}/nginx.conf || exit 1
     until redis-cli -p 6379 ping >/dev/null 2>&1 && curl -sS http://127.0.0.1:8081/; do sleep 0.05; done\n`,
  );
  return [`${dir}/start.sh`];
}

/** @returns The numbers of the daemons' processes, nginx's worker too. */
export function daemonPids(dir: string): number[] {
  const [redis = 0, nginx = 0] = ["redis", "nginx"].map((name) => Number(Deno.readTextFileSync(`${dir}/${name}.pid`)));
  const workers = Deno.readTextFileSync(`/proc/${nginx}/task/${nginx}/children`).trim().split(" ").map(Number);
  return [redis, nginx, ...workers];
}
