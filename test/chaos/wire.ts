/** A database URL goes in; that of a proxy comes out, which at one byte of a conversation does one thing to it. */
import { connect, createServer, type Socket } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";

/** Which side's bytes are counted: the client's, or the server's. */
export type Side = "asked" | "answered";

/** What happens where. Everything before the byte has been passed on, and the deed is done after `delay` ms. */
export interface Trigger {
  readonly side: Side;
  readonly at: number;
  readonly delay: number;
  /** `cut`: nothing more is passed on, in neither direction. */
  readonly deed: () => Promise<"cut" | "go on">;
}

export interface Wire {
  readonly url: string;
  /** What the first connection said so far. */
  readonly bytes: Readonly<Record<Side, () => Buffer>>;
  /** Whether the byte was reached. */
  readonly reached: () => boolean;
  readonly close: () => void;
}

/** Listens on a port of its own. The trigger is for the first connection; those after it are left alone. */
export async function startWire(url: string, trigger?: Trigger): Promise<Wire> {
  const target = new URL(url);
  const sockets = new Set<Socket>();
  const heard: Record<Side, Buffer[]> = { asked: [], answered: [] };
  let connections = 0;
  let reached = false;

  const pass = (from: Socket, to: Socket, side: Side, isFirst: boolean, cut: () => void): void => {
    let count = 0;
    let queue = Promise.resolve();
    const forward = (chunk: Buffer): void => {
      if (!to.destroyed) to.write(chunk);
    };
    const take = async (chunk: Buffer): Promise<void> => {
      if (!isFirst) return forward(chunk);
      heard[side].push(chunk);
      const before = count;
      count += chunk.length;
      if (trigger === undefined || reached || trigger.side !== side || count < trigger.at)
        return forward(chunk);
      reached = true;
      forward(chunk.subarray(0, trigger.at - before));
      if (trigger.delay > 0) await sleep(trigger.delay);
      if ((await trigger.deed()) === "cut") return cut();
      forward(chunk.subarray(trigger.at - before));
    };
    from.on("data", (chunk: Buffer) => {
      queue = queue.then(() => take(chunk));
    });
    from.on("close", () => void queue.then(() => to.end()));
    from.on("error", () => void queue.then(() => to.destroy()));
  };

  const server = createServer((client) => {
    const upstream = connect({ port: Number(target.port), host: target.hostname, noDelay: true });
    client.setNoDelay(true);
    const isFirst = connections === 0;
    connections += 1;
    const cut = (): void => {
      // As a network that fails: the one who waits is told, and what the server was sent stays sent.
      client.resetAndDestroy();
      upstream.destroy();
    };
    for (const socket of [client, upstream]) sockets.add(socket);
    pass(client, upstream, "asked", isFirst, cut);
    pass(upstream, client, "answered", isFirst, cut);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const own = new URL(url);
  own.hostname = "127.0.0.1";
  own.port = String((server.address() as { port: number }).port);
  own.searchParams.set("sslmode", "disable");
  return {
    url: own.href,
    bytes: { asked: () => Buffer.concat(heard.asked), answered: () => Buffer.concat(heard.answered) },
    reached: () => reached,
    close: () => {
      for (const socket of sockets) socket.destroy();
      server.close();
    },
  };
}

/** Where each message ends in the bytes of one side; the client's first has no type. */
export function messageEnds(bytes: Buffer, side: Side): readonly number[] {
  const ends: number[] = [];
  for (let at = 0; at < bytes.length; ) {
    const head = side === "asked" && at === 0 ? 0 : 1;
    if (at + head + 4 > bytes.length) break;
    at += head + bytes.readInt32BE(at + head);
    if (at <= bytes.length) ends.push(at);
  }
  return ends;
}
