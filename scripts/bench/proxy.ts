/** The address of a server → an address that is far away from it: every byte takes longer, and trips are counted. */
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export interface DistantServer {
  /** The URL it was made for, through the proxy. It must be without TLS, or no message could be told from another. */
  readonly url: (direct: string) => string;
  /**
   * Round trips since the last call, those of connecting left out: how often the server had answered all and then waited
   * for the client, for as long as a message takes one way or longer. What is sent ahead makes none.
   */
  readonly takeTrips: () => number;
  readonly stop: () => void;
}

/** Listens on a free port of 127.0.0.1; `delay` is in ms, each way. */
export async function startProxy(serverUrl: string, delay: number): Promise<DistantServer> {
  const { hostname, port } = new URL(serverUrl);
  const sockets = new Set<Socket>();
  let trips = 0;
  const server = createServer((client) => {
    const upstream = createConnection({ host: hostname, port: Number(port || 5432) });
    const [asked, answered] = [messageCounter("QS", true), messageCounter("Z", false)];
    let unanswered = 0;
    let idleSince = Number.POSITIVE_INFINITY;
    client.on("data", (chunk) =>
      setTimeout(() => {
        const messages = asked(chunk);
        if (messages > 0 && unanswered === 0 && performance.now() - idleSince >= delay) trips += 1;
        unanswered += messages;
        upstream.write(chunk);
      }, delay),
    );
    upstream.on("data", (chunk) => {
      unanswered -= answered(chunk);
      if (unanswered === 0) idleSince = performance.now();
      setTimeout(() => client.write(chunk), delay);
    });
    for (const [from, to] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      from.on("end", () => setTimeout(() => to.end(), delay));
      sockets.add(from.setNoDelay(true));
      from.on("error", () => {}).on("close", () => sockets.delete(from));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = (server.address() as AddressInfo).port;
  return {
    url: (direct) => {
      const changed = new URL(direct);
      changed.host = `127.0.0.1:${own}`;
      return changed.href;
    },
    takeTrips: () => {
      const counted = trips;
      trips = 0;
      return counted;
    },
    stop: () => {
      server.close();
      for (const socket of sockets) socket.destroy();
    },
  };
}

/** Counts the messages of these types in one direction of a connection. A client's first has no type and counts. */
function messageCounter(types: string, isClient: boolean): (chunk: Buffer) => number {
  let rest = Buffer.alloc(0);
  let typeLength = isClient ? 0 : 1;
  return (chunk) => {
    let count = 0;
    rest = Buffer.concat([rest, chunk]);
    while (rest.length >= typeLength + 4) {
      const length = typeLength + rest.readInt32BE(typeLength);
      if (rest.length < length) break;
      if (typeLength === 0 || types.includes(String.fromCharCode(rest[0]!))) count += 1;
      rest = rest.subarray(length);
      typeLength = 1;
    }
    return count;
  };
}
