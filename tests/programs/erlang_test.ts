/** Erlang nodes: epmd tells their ports, and each is client and server in one. */
import { assertStrictEquals } from "@std/assert";
import { need } from "../support/programs.ts";
import { until } from "../support/wait.ts";
import { withRig } from "./rig.ts";

/** Asks the first node, then both kinds of sockets of Erlang's own (`inet` and `socket`) and its datagrams. */
const ASK = `
Node = list_to_atom("first@127.0.0.1"),
io:format("~p ~p~n", [net_adm:ping(Node), rpc:call(Node, erlang, node, [])]),
{ok, Listener} = gen_tcp:listen(0, [binary, {active, false}, {ip, {127, 0, 0, 1}}]),
{ok, Port} = inet:port(Listener),
spawn(fun() -> {ok, C} = gen_tcp:connect("127.0.0.1", Port, []), gen_tcp:send(C, "hello"), gen_tcp:close(C) end),
{ok, Peer} = gen_tcp:accept(Listener),
io:format("~p ~p~n", [gen_tcp:recv(Peer, 0), gen_tcp:recv(Peer, 0)]),
{ok, Datagrams} = gen_udp:open(0, [{ip, {127, 0, 0, 1}}, {active, false}]),
{ok, Own} = inet:port(Datagrams),
gen_udp:send(Datagrams, {127, 0, 0, 1}, Own, "datagram"),
{ok, {_, From, Text}} = gen_udp:recv(Datagrams, 0),
io:format("~s ~p~n", [Text, From =:= Own]),
{ok, Socket} = socket:open(inet, stream, tcp),
ok = socket:connect(Socket, #{family => inet, addr => {127, 0, 0, 1}, port => Port}),
{ok, Name} = socket:peername(Socket),
io:format("~p~n", [maps:get(port, Name) =:= Port]),
halt().`;

Deno.test("two Erlang nodes meet by epmd, and Erlang's sockets talk to themselves", {
  ignore: !need("epmd", "erl"),
}, async () => {
  await withRig(async (rig) => {
    const env = { ERL_EPMD_PORT: "17447", ERL_EPMD_ADDRESS: "127.0.0.1", HOME: rig.files };
    Deno.chmodSync(rig.write(".erlang.cookie", "cookie"), 0o400);
    await rig.server(["epmd"], { tcp: [17447], cli: true, env });
    const local = ["-kernel", "inet_dist_use_interface", "{127,0,0,1}"];
    const range = ["inet_dist_listen_min", "17448", "inet_dist_listen_max", "17448"];
    const first = ["erl", "-noinput", "-name", "first@127.0.0.1", ...local, ...range];
    await rig.server(first, { tcp: [17448], env });
    const names = async () => (await rig.client(["epmd", "-names"], { env })).stdout;
    await until("epmd knows the node", async () => (await names()).includes("name first at port 17448\n"));
    for (const cli of [false, true]) {
      const second = ["erl", "-noinput", "-hidden", "-name", "second@127.0.0.1", ...local, "-eval", ASK];
      const { stdout } = await rig.client(second, { cli, env });
      const lines = ["pong 'first@127.0.0.1'", '{ok,<<"hello">>} {error,closed}', "datagram true", "true"];
      assertStrictEquals(stdout, lines.join("\n") + "\n");
    }
  });
});
