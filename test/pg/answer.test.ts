/** A person at a terminal answers the question of a downgrade or a repair: what is done, and with which exit code it ends. */
import { PassThrough } from "node:stream";
import { expect, test } from "vitest";
import { main } from "../../src/cli/main.ts";
import { ownDatabase, project } from "../support/project.ts";
import { query, servers } from "../support/server.ts";

const shop = project({ a: { up: "CREATE TABLE a ();", down: "DROP TABLE a;" } });

/** Runs a command line in a terminal whose user types `answer`. */
async function typed(
  line: string,
  database: string,
  answer: string,
): Promise<{ readonly code: number; readonly err: string }> {
  const terminal = () => Object.assign(new PassThrough(), { isTTY: true, columns: 300 });
  const streams = { stdout: terminal(), stderr: terminal(), stdin: terminal() };
  let err = "";
  streams.stderr.on("data", (chunk) => {
    err += chunk;
    if (/\[y\/N\] $/.test(err)) setImmediate(() => streams.stdin.write(`${answer}\n`));
  });
  const code = await main([...line.split(" "), "--database", database], {
    streams: streams as never,
    env: { NO_COLOR: "1" },
    cwd: shop.folder,
    now: () => new Date(),
    version: "1.2.3",
    signal: new AbortController().signal,
  });
  return { code, err };
}

test("no ends with 1 and leaves all as it was, so that && stops there; yes does it", async () => {
  const { url } = await ownDatabase(servers()[0]!);
  await shop.upgrade(url);
  for (const answer of ["n", "", "what?"])
    expect(await typed("downgrade base", url, answer)).toMatchObject({
      code: 1,
      err: expect.stringMatching(/table a\n[\s\S]*nothing was done\n$/),
    });
  expect((await typed("downgrade base --dry-run", url, "")).code).toBe(0);
  expect((await shop.state(url)).heads).toEqual(["a"]);
  await query(
    url,
    "CALL retort.stamp('y', '0', '0', '{}', 'y'); CALL retort.stamp('z', '0', '0', '{y}', 'z')",
  );
  const forgets = async (asked: string): Promise<void> => {
    const { err } = await typed("repair --forget z", url, "n");
    expect(err).toMatch(new RegExp(`^${asked} on .*\\? \\[y/N\\] nothing was done$`, "m"));
    expect(err).not.toMatch(/^y has no file/m);
  };
  await forgets("Delete the row of z from the ledger");
  await query(url, "UPDATE retort.applied SET message = 'another'");
  await forgets(
    "Accept the files as they are, without running them, and delete the row of z from the ledger,",
  );
  await query(
    url,
    "CALL retort.remove('z', 'repair', 'run', ''); CALL retort.remove('y', 'repair', 'run', '')",
  );
  for (const [answer, code, end] of [
    ["n", 1, "nothing was done"],
    ["y", 0, "repaired: a on .*"],
  ] as const)
    expect(await typed("repair", url, answer)).toMatchObject({
      code,
      err: expect.stringMatching(new RegExp(`${end}\\n$`)),
    });
  expect(await typed("downgrade base", url, "y")).toMatchObject({
    code: 0,
    err: expect.stringContaining("- a"),
  });
  // There is nothing to do any more, and nothing to ask.
  expect((await typed("downgrade base", url, "n")).code).toBe(0);
});
