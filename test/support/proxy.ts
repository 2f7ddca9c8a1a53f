/**
 * A database URL goes in; the URL of a proxy before it comes out, and every text that a client sends through it. It can
 * fail as networks do.
 */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Proxy {
  readonly url: string;
  /**
   * The simple-query messages of all connections, in the order they came; but not those of who watches: on a busy machine
   * a statement takes long, and it is asked over another connection who blocks it.
   */
  readonly queries: readonly string[];
  /** How many of them were sent when all before them were answered: the round trips. */
  readonly trips: () => number;
  /** Who ended each connection that is over. */
  readonly endedBy: () => readonly ("client" | "server")[];
  /** Breaks every connection as a failing network does. */
  readonly cut: () => void;
  /** Breaks them for the client alone: the server reads what was sent, and then the end. */
  readonly cutClient: () => void;
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/**
 * What the proxy does at the first message that matches, of the first connection: a statement that takes long makes others,
 * which ask who blocks it, and end. A message comes as its type and its text: `QSELECT 1`.
 */
export interface Fault {
  readonly at: RegExp;
  /** `silence`: from then on nothing is passed on, of any connection; else the server's next bytes become these. */
  readonly deed: "silence" | Buffer;
}

/** Listens until the running test ends. Without TLS, or there would be nothing to read. */
export async function proxy(url: string, fault?: Fault): Promise<Proxy> {
  const target = new URL(url);
  const queries: string[] = [];
  const ended = new Map<Socket, "client" | "server">();
  let trips = 0;
  const sockets = new Set<Socket>();
  const pairs = new Map<Socket, Socket>();
  let failing: "not yet" | "now" | "over" = "not yet";
  const isSilent = (): boolean => failing === "now" && fault?.deed === "silence";
  const server = createServer({ allowHalfOpen: true }, (client) => {
    const upstream = connect({
      port: Number(target.port || 5432),
      host: target.hostname,
      allowHalfOpen: true,
    });
    const isFirst = pairs.size === 0;
    let unanswered = 0;
    const readClient = messageReader((type, body) => {
      const text = body.subarray(0, -1).toString("utf8");
      if (isFirst && failing === "not yet" && fault?.at.test(type + text)) failing = "now";
      if (type !== "Q" || text.includes("pg_blocking_pids")) return;
      queries.push(text);
      if (unanswered === 0) trips += 1;
      unanswered += 1;
    }, false);
    // What follows the start-up is ready once before the first query.
    const readServer = messageReader((type) => {
      if (type === "Z" && unanswered > 0) unanswered -= 1;
    }, true);
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
    pairs.set(client, upstream);
    client.on("data", (bytes: Buffer) => {
      readClient(bytes);
      if (!isSilent()) upstream.write(bytes);
    });
    upstream.on("data", (bytes: Buffer) => {
      readServer(bytes);
      const garbled =
        failing === "now" && fault !== undefined && fault.deed !== "silence" ? fault.deed : undefined;
      if (garbled !== undefined) failing = "over";
      if (!isSilent()) client.write(garbled ?? bytes);
    });
    for (const event of ["end", "error"]) {
      client.on(event, () => ended.has(client) || ended.set(client, "client"));
      upstream.on(event, () => ended.has(client) || ended.set(client, "server"));
    }
    client.on("end", () => isSilent() || upstream.end());
    upstream.on("end", () => isSilent() || client.end());
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  const cutClient = (): void => {
    for (const [client, upstream] of pairs) {
      client.removeAllListeners("close");
      client.destroy();
      upstream.end();
      upstream.resume();
    }
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const own = new URL(url);
  own.hostname = "127.0.0.1";
  own.port = String((server.address() as { port: number }).port);
  own.searchParams.set("sslmode", "disable");
  return { url: own.href, queries, trips: () => trips, endedBy: () => [...ended.values()], cut, cutClient };
}

/**
 * Cuts a byte stream into messages. Those of a client before its start-up have no type; to its requests for encryption the
 * server says `N`, no more.
 */
function messageReader(
  onMessage: (type: string, body: Buffer) => void,
  ofServer: boolean,
): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    while (rest.length > 0) {
      if (ofServer && !started) {
        started = rest[0] !== "N".charCodeAt(0);
        if (!started) {
          rest = rest.subarray(1);
          continue;
        }
      }
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = rest.readInt32BE(head);
      if (rest.length < head + length) return;
      const body = rest.subarray(head + 4, head + length);
      if (started) onMessage(String.fromCharCode(rest[0]!), body);
      else started = ![SSL_REQUEST, GSS_REQUEST].includes(body.readInt32BE(0));
      rest = rest.subarray(head + length);
    }
  };
}
