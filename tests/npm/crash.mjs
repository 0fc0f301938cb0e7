/** A test that is killed: it has a server, which has children, and says who they are. */
import process from "node:process";
import { loopback } from "unsock";

const lo = await loopback({ dir: process.env.TEST_SOCKETS });
await lo.expose(3000);
lo.spawn("sh", ["-c", "setsid sleep 1000 & echo $! $$; wait"], { stdio: ["ignore", "inherit", "inherit"] });
setInterval(() => {}, 1000);
