/** The address of a server → an address that is far away from it: every byte takes longer, and trips are counted. */
import { type AddressInfo, createConnection, createServer, type Socket } from "node:net";

export interface DistantServer {
  /** The URL it was made for, through the proxy. */
  readonly url: (direct: string) => string;
  /** Round trips since the last call: how often the client spoke after the server had. */
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
    let answered = true;
    relay(client, upstream, delay, () => {
      if (answered) trips += 1;
      answered = false;
    });
    relay(upstream, client, delay, () => {
      answered = true;
    });
    for (const socket of [client, upstream]) {
      sockets.add(socket.setNoDelay(true));
      socket.on("error", () => {}).on("close", () => sockets.delete(socket));
    }
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = (server.address() as AddressInfo).port;
  return {
    url: (direct) => {
      const changed = new URL(direct);
      changed.port = `${own}`;
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

/** Timers of one length fire in the order in which they were set, so what was sent first arrives first. */
function relay(from: Socket, to: Socket, delay: number, onData: () => void): void {
  from.on("data", (chunk) => {
    onData();
    setTimeout(() => to.write(chunk), delay);
  });
  from.on("end", () => setTimeout(() => to.end(), delay));
}
