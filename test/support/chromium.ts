/** A page's address → what a real browser makes of it. Where no Chromium is installed, tests that need it are skipped. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";

const command = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"], { stdio: "ignore" }).status === 0,
);

export const chromiumAvailable = (): boolean => command !== undefined;

/** The elements of the page after its script has run, as HTML. */
export function domOf(url: string): string {
  const profile = mkdtempSync(join(tmpdir(), "retort-chromium-"));
  try {
    const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`, "--dump-dom"];
    const { stdout } = spawnSync(command!, [...flags, url], { encoding: "utf8", maxBuffer: 2 ** 26 });
    return stdout;
  } finally {
    rmSync(profile, { recursive: true, force: true });
  }
}
