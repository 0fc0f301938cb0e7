/** Asks a front again and again, on eight connections that stay open: `ask_often.mjs PORT HOST REQUESTS`. */
import http from "node:http";
import process from "node:process";

const AT_ONCE = 8;

const [, , port, host, requests] = process.argv;
const agent = new http.Agent({ keepAlive: true, maxSockets: AT_ONCE });
let [asked, answered] = [0, 0];

function ask() {
  if (asked === Number(requests)) return;
  asked++;
  http.get({ port, agent, headers: { host } }, (answer) => {
    if (answer.statusCode === 200) answered++;
    answer.resume().on("end", ask);
  });
}

process.on("exit", () => console.log(`${answered} answers`));
for (let i = 0; i < AT_ONCE; i++) ask();
