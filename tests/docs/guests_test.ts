/** docs/tipc.md and docs/nitro-enclaves.md, but for what needs other kernels: tests/vm and tests/machines do that. */
import { assertEquals } from "@std/assert";
import { controlFile, sockaddrTipc, sockaddrVsock, VSOCK_CID_ANY } from "../support/control.ts";
import { guestPlaces, Reader } from "./page.ts";
import { libraryFile } from "../support/library.ts";

Deno.test("docs: a node of a TIPC cluster has the control file of docs/tipc.md", () =>
  Reader.with("tipc", async (reader) => {
    await reader.run("--tipc-type 4711");
    const tipc = controlFile({ dest: sockaddrTipc({ type: 4711, lower: 1 }) });
    assertEquals(await Deno.readFile(reader.socket(8000)), tipc);
  }, {
    cannotRun: {
      "tipc bearer enable": "it needs the machine's kernel and network card",
      "-- python3": "over TIPC: tests/vm/guest/checks",
      "-- curl": "over TIPC: tests/vm/guest/checks",
    },
  }));

Deno.test("docs: an enclave and its parent have the control files of docs/nitro-enclaves.md", () =>
  Reader.with("nitro-enclaves", async (reader, dir) => {
    const inEnclave = (port: number) => Deno.readFile(`${dir}/enclave/${port}.sock`);
    await reader.run("UNSOCK_FILE=/run/unsock/8000.sock");
    assertEquals(await inEnclave(8000), controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 5000) }));
    await reader.run("--vsock-cid 16");
    assertEquals(await Deno.readFile(reader.socket(8000)), controlFile({ dest: sockaddrVsock(16, 5000) }));
    await reader.run("unsock make-control --port 6379");
    assertEquals(await Deno.readFile(reader.socket(6379)), controlFile({ dest: sockaddrVsock(VSOCK_CID_ANY, 6000) }));
    await reader.run("UNSOCK_FILE=/run/unsock/6379.sock");
    assertEquals(await inEnclave(6379), controlFile({ dest: sockaddrVsock(3, 6000) }));
  }, {
    places: (dir) => ({ ...guestPlaces(dir), "/run/unsock": `${dir}/enclave`, "/libunsock.so": libraryFile() }),
    cannotRun: {
      "/libunsock.so run --dir /run/unsock -- python3": "a server behind vsock: tests/vm/guest/checks",
      "curl http://localhost:8000/": "its server is in the enclave",
      "--accept-as": "a server behind vsock: tests/vm/guest/checks",
      "redis-cli ping": "its server is on the parent",
      "/run/vsock5000": "the relay: tests/vm/guest/checks",
    },
  }));
