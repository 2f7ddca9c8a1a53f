/** A database URL goes in; the URL of a proxy before it comes out, and every text that a client sends through it. */
import { connect, createServer, type Socket } from "node:net";
import { onTestFinished } from "vitest";

export interface Proxy {
  readonly url: string;
  /** The simple-query messages of all connections, in the order they came. Each is one round trip. */
  readonly queries: readonly string[];
  /** Breaks every connection as a failing network does. */
  readonly cut: () => void;
}

const SSL_REQUEST = 80877103;
const GSS_REQUEST = 80877104;

/** Listens until the running test ends. Without TLS, or there would be nothing to read. */
export async function proxy(url: string): Promise<Proxy> {
  const target = new URL(url);
  const queries: string[] = [];
  const sockets = new Set<Socket>();
  const server = createServer((client) => {
    const upstream = connect(Number(target.port || 5432), target.hostname);
    const read = queryReader((text) => queries.push(text));
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on("error", () => other.destroy());
      socket.on("close", () => other.destroy());
    }
    client.on("data", read);
    client.pipe(upstream).pipe(client);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const cut = (): void => {
    for (const socket of sockets) socket.destroy();
  };
  onTestFinished(() => {
    cut();
    server.close();
  });
  const own = new URL(url);
  own.hostname = "127.0.0.1";
  own.port = String((server.address() as { port: number }).port);
  own.searchParams.set("sslmode", "disable");
  return { url: own.href, queries, cut };
}

/** Cuts a client's byte stream into messages: those before the start-up have no type byte. */
function queryReader(onQuery: (text: string) => void): (chunk: Buffer) => void {
  let rest = Buffer.alloc(0);
  let started = false;
  return (chunk) => {
    rest = Buffer.concat([rest, chunk]);
    for (;;) {
      const head = started ? 1 : 0;
      if (rest.length < head + 4) return;
      const length = rest.readInt32BE(head);
      if (rest.length < head + length) return;
      const body = rest.subarray(head + 4, head + length);
      if (!started) started = ![SSL_REQUEST, GSS_REQUEST].includes(body.readInt32BE(0));
      else if (rest[0] === "Q".charCodeAt(0)) onQuery(body.subarray(0, -1).toString("utf8"));
      rest = rest.subarray(head + length);
    }
  };
}
