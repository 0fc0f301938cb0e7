/** docs/ssh.md */
import { assertMatch, assertStrictEquals } from "@std/assert";
import { withSshd } from "../support/sshd.ts";
import { need } from "../support/programs.ts";
import { ownPort } from "../support/own_port.ts";
import { Reader } from "./page.ts";

const OK = /^HTTP\/1\.0 200 OK\r?\n/;

Deno.test({
  name:
    "docs: a remote server's socket file is forwarded by ssh, both ways, through a third machine and for several agents",
  // Only root can log somebody in.
  ignore: !need("sshd", "ssh", "ssh-keygen", "python3", "curl") || Deno.uid() !== 0,
  fn: async () => {
    using own = ownPort();
    using browser = ownPort();
    await withSshd(own.port, ["db.example", "gate.example"], (config) =>
      Reader.with("ssh", async (reader, dir) => {
        const { home } = reader;
        await Deno.mkdir(`${dir}/sockets`, { mode: 0o700 });
        await reader.start("run --dir /home/me/sockets -- python3 -m http.server", `${dir}/sockets/8000.sock`);
        await reader.start('mkdir -m 700 "$HOME/remote"', `${home}/remote/8000.sock`);
        assertMatch((await reader.run('"$HOME/remote" -- curl')).stdout, OK);
        assertStrictEquals(((await Deno.stat(`${home}/remote/8000.sock`)).mode ?? 0) & 0o777, 0o600);

        const ask = () => reader.tryCommand(["curl", "-sI", `http://127.0.0.1:${browser.port}/`]);
        await reader.start("-L 8080:", async () => OK.test((await ask()).stdout));

        await reader.start('"$HOME/mine" -- python3', `${home}/mine/9000.sock`);
        await reader.start("ssh -N -R", `${dir}/sockets/9000.sock`);
        assertMatch((await reader.run("curl -sI http://127.0.0.1:9000/")).stdout, OK);

        await reader.start("-J me@gate.example", `${home}/remote/8001.sock`);
        for (const agent of ["agent1", "agent2"]) {
          await Deno.mkdir(`${dir}/${agent}/served`, { recursive: true });
          await Deno.writeTextFile(`${dir}/${agent}/served/index.html`, agent.replace("agent", "agent ") + "\n");
          const server = ["python3", "-m", "http.server", "--directory", `${dir}/${agent}/served`, "3000"];
          reader.startCommand(["unsock", "run", "--dir", `${dir}/${agent}`, "--", ...server]);
          await reader.tryCommand(["unsock", "wait", "--dir", `${dir}/${agent}`, "3000", "--timeout", "30"]);
        }
        await reader.start('mkdir -m 700 "$HOME/agent1"', `${home}/agent2/3000.sock`);
        assertStrictEquals((await reader.run('"$HOME/agent2" -- curl')).stdout, "agent 2\n");
      }, {
        places: (dir) => ({
          "me@": "root@",
          "/home/me": dir,
          "ssh -N": `ssh -F ${config} -N`,
          "8080:": `${browser.port}:`,
        }),
      }));
  },
});
