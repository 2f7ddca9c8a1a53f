/** Two databases → the statements that make of what is in the first what is in the second; neither is changed. */
import { fingerprint } from "../core/catalog/catalog.ts";
import { readCatalog } from "../io/catalog.ts";
import type { Engine } from "../io/diff/engine.ts";
import { pgDelta } from "../io/diff/pg-delta.ts";
import type { DatabaseAddress } from "../io/libpq/parameters.ts";
import { openScratch } from "../io/scratch/open.ts";
import type { Scratch } from "../io/scratch/types.ts";
import { openSession } from "../io/session/open.ts";
import type { Session } from "../io/session/types.ts";
import { findWay, readSide, type Side, standIns, type Way, type WayOptions } from "./diff.ts";
import type { Deps } from "./project.ts";
import { sendSegments } from "./segments.ts";

export interface DiffOptions extends Pick<WayOptions, "first" | "ignore" | "allowRebuild" | "names"> {
  readonly from: DatabaseAddress;
  readonly to: DatabaseAddress;
  /** Where the statements are tried; undefined: on a scratch database beside `from`. */
  readonly scratch?: DatabaseAddress | undefined;
}

/** Throws as `findWay`, and `usage/scratch`, `usage/no-package`, `execution/connect`. */
export async function diffDatabases(
  deps: Pick<Deps, "cwd" | "env" | "signal" | "onNotice">,
  { from, to, scratch: on, ...options }: DiffOptions,
): Promise<Way> {
  const engine = await pgDelta();
  const [first, second] = [await sideAt(engine, from, deps), await sideAt(engine, to, deps)];
  const scratch = await openScratch({ ...deps, database: from, on });
  deps.onNotice?.({ severity: "INFO", message: scratch.description });
  try {
    const empty = async (): Promise<Session> => {
      const session = await scratch.empty();
      for (const side of [first, second]) await standIns(session, scratch, side);
      return session;
    };
    const beginning = await startAt(engine, { scratch, empty }, from, first);
    return await findWay(engine, { ...options, ...beginning, to: second });
  } finally {
    await scratch.close();
  }
}

async function sideAt(
  engine: Engine,
  address: DatabaseAddress,
  deps: Pick<Deps, "signal" | "names">,
): Promise<Side> {
  const session = await openSession(address, { signal: deps.signal, names: deps.names, asksContents: true });
  try {
    return await readSide(engine, session);
  } finally {
    await session.close();
  }
}

/** How the scratch database becomes as that one is: a copy where the server can make one, else made from nothing. */
async function startAt(
  engine: Engine,
  { scratch, empty }: { readonly scratch: Scratch; readonly empty: () => Promise<Session> },
  address: DatabaseAddress,
  side: Side,
): Promise<Pick<WayOptions, "start" | "begun">> {
  const copied = async (): Promise<Session | undefined> => {
    const copy = address.kind === "server" ? await scratch.copied(address.database) : undefined;
    return copy !== undefined && fingerprint(await readCatalog(copy)) === fingerprint(side.catalog)
      ? copy
      : undefined;
  };
  const copy = await copied();
  if (copy !== undefined)
    return { start: async () => (await copied()) ?? empty(), begun: { session: copy, ...side } };
  const way = await findWay(engine, { start: empty, to: side });
  return {
    start: async () => {
      const session = await empty();
      await sendSegments(session, way.segments);
      return session;
    },
  };
}
