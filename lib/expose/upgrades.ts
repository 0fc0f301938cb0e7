/** Passes on connections that change to another protocol, such as WebSockets, once the server has agreed. */
import type { IncomingMessage, ServerResponse as Answer } from "node:http";
import type { Socket } from "node:net";
import { request as httpRequest, ServerResponse } from "../system/http.ts";
import {
  answerFields,
  eachField,
  endToEndFields,
  passedUpgrades,
  type RawFields,
  valuesOf,
  wordsOf,
} from "./fields.ts";
import { requestFields } from "./exchange.ts";
import type { LogEntry } from "./access_log.ts";
import type { Front } from "./parts.ts";
import type { Asked } from "./host.ts";
import { checkHead, type RequestHandler } from "./requests.ts";
import { failurePage, type PageAnswer } from "./route.ts";
import { pipeToClient } from "./secure.ts";

/** Begins to read requests on a connection, as the runtime does for a new one. */
type Reader = (socket: Socket) => void;

function hasBody(raw: RawFields): boolean {
  const [length = "0"] = valuesOf(raw, "content-length");
  return Number(length) > 0 || valuesOf(raw, "transfer-encoding").length > 0;
}

/** @returns True if a request may change the protocol of its connection. */
export function mayUpgrade({ rawHeaders }: IncomingMessage): boolean {
  return passedUpgrades(rawHeaders) !== undefined && !hasBody(rawHeaders);
}

function headText(line: string, fields: RawFields): string {
  let text = `${line}\r\n`;
  eachField(fields, (_name, value, spelled) => text += `${spelled}: ${value}\r\n`);
  return `${text}\r\n`;
}

/** @returns The head of the same request without the offer to change the protocol. A server may ignore that offer. */
function headWithoutUpgrade({ method, url, httpVersion, rawHeaders }: IncomingMessage): string {
  const fields: string[] = [];
  eachField(rawHeaders, (name, value, spelled) => {
    if (!["connection", "upgrade", "http2-settings"].includes(name)) fields.push(spelled, value);
  });
  const words = wordsOf(rawHeaders, "connection").filter((word) => !/^(?:upgrade|http2-settings)$/i.test(word));
  if (words.length > 0) fields.push("Connection", words.join(", "));
  return headText(`${method} ${url} HTTP/${httpVersion}`, fields);
}

interface Upgrade {
  readonly request: IncomingMessage;
  readonly client: Socket;
  /** Bytes received after the request. They belong to the new protocol, if there is one. */
  readonly head: Uint8Array;
  readonly entry?: LogEntry;
}

export class Upgrades {
  readonly #front: Front;
  readonly #requests: RequestHandler;
  readonly #read: Reader;

  /** @param read Reads a connection again if its request turned out to be no upgrade. */
  constructor(front: Front, requests: RequestHandler, read: Reader) {
    this.#front = front;
    this.#requests = requests;
    this.#read = read;
  }

  /** Takes a request with `Connection: upgrade`, after which the runtime has stopped reading. */
  take(upgrade: Upgrade): void {
    const { request, client, head } = upgrade;
    if (this.#requests.isBusy(client)) {
      client.destroy(); // an earlier request on the connection is not answered yet
      return;
    }
    if (mayUpgrade(request)) {
      void this.#pass({ ...upgrade, entry: this.#logEntry(upgrade) }, passedUpgrades(request.rawHeaders) ?? "");
      return;
    }
    // Node.js before 24.9 does not ask mayUpgrade(), and has not read the body. So this has the request read anew.
    client.unshift(Buffer.concat([Buffer.from(headWithoutUpgrade(request), "latin1"), head]));
    this.#read(client);
  }

  /** Answers a request after which the runtime has stopped reading. */
  refuse(upgrade: Upgrade, page: PageAnswer): void {
    void this.#requests.say(upgrade.request, this.#answer(upgrade), page, upgrade.entry);
  }

  #logEntry({ request, client }: Upgrade): LogEntry | undefined {
    const { method, url, httpVersion } = request;
    const entry = this.#front.log?.begin(client.remoteAddress, `${method} ${url} HTTP/${httpVersion}`);
    if (entry !== undefined) client.once("close", () => entry.end());
    return entry;
  }

  /** Returns an HTTP answer to an upgrade. The connection ends after it. */
  #answer({ request, client, entry }: Upgrade): Answer {
    const answer = new ServerResponse(request);
    answer.shouldKeepAlive = false;
    answer.assignSocket(client);
    answer.on("finish", () => {
      entry?.answers(answer.statusCode);
      answer.detachSocket(client);
      client.destroySoon();
    });
    return answer;
  }

  async #pass(upgrade: Upgrade, protocols: string): Promise<void> {
    const { request, client } = upgrade;
    this.#front.connections.answer(client);
    client.on("error", () => client.destroy());
    const asked = checkHead(request, this.#front);
    if ("status" in asked) {
      this.refuse(upgrade, { ...asked, lists: "nothing" });
      return;
    }
    const route = await this.#front.routes.find(asked, request.method ?? "");
    if (route.kind === "page") {
      this.refuse(upgrade, route.page);
      return;
    }
    upgrade.entry?.goesTo(route.target);
    const fail = (why: unknown) => this.refuse(upgrade, failurePage(route.target, why));
    try {
      this.#ask(upgrade, asked, protocols, await this.#front.upstreams.connect(route.target), fail);
    } catch (error) {
      fail(error);
    }
  }

  #ask(upgrade: Upgrade, asked: Asked, protocols: string, server: Socket, fail: (why: unknown) => void): void {
    const { request, client } = upgrade;
    if (client.destroyed) {
      server.destroy();
      return;
    }
    const fields = [...requestFields(request, asked), "Connection", "Upgrade", "Upgrade", protocols];
    const onward = httpRequest({
      createConnection: () => server,
      method: request.method ?? "GET",
      path: asked.path,
      headers: fields,
      setDefaultHeaders: false,
    });
    let isAnswered = false;
    const answered = () => isAnswered = true;
    client.on("close", () => server.destroy());
    const refuse = (why: unknown) => {
      onward.removeAllListeners("error").on("error", () => {});
      server.destroy();
      fail(why);
    };
    onward.on("upgrade", (response, _socket, first) => {
      answered();
      const isPassed = wordsOf(response.rawHeaders, "upgrade").join() === passedUpgrades(response.rawHeaders);
      if (isPassed) join(upgrade, server, response, first);
      else refuse(undefined); // the server changes to a protocol that the front does not pass on
    });
    onward.on("response", (response) => {
      answered();
      try {
        this.#respond(upgrade, response);
      } catch (error) {
        refuse(error);
      }
    });
    onward.on("error", (error) => isAnswered ? client.destroy() : (answered(), fail(error)));
    onward.end();
  }

  /** Passes on the answer of a server that does not change the protocol. */
  #respond(upgrade: Upgrade, response: IncomingMessage): void {
    const fields = answerFields(response, false);
    const answer = this.#answer(upgrade);
    answer.writeHead(response.statusCode ?? 502, response.statusMessage ?? "", fields);
    response.on("error", () => upgrade.client.destroy());
    upgrade.entry?.count(response);
    pipeToClient(response, answer, upgrade.client);
  }
}

/** Joins both connections: data and half-closes of one side go to the other. */
function join({ client, head, entry }: Upgrade, server: Socket, response: IncomingMessage, first: Uint8Array): void {
  const fields = [...endToEndFields(response.rawHeaders), "Connection", "Upgrade"];
  const [protocol] = valuesOf(response.rawHeaders, "upgrade");
  if (protocol !== undefined) fields.push("Upgrade", protocol);
  entry?.answers(101);
  entry?.count(first.length);
  entry?.count(server);
  client.setNoDelay(true);
  client.write(Buffer.from(headText(`HTTP/1.1 101 ${response.statusMessage}`, fields), "latin1"));
  if (first.length > 0) client.write(first);
  if (head.length > 0) server.write(head);
  server.on("error", () => client.destroy());
  server.on("close", () => client.destroySoon());
  client.on("close", () => server.destroy());
  pipeToClient(server, client, client);
  client.pipe(server);
}
