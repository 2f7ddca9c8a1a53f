/** An HTML page → the page in a real browser, which is Chromium without a window, driven over a pipe by its own protocol. */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";
import { pathToFileURL } from "node:url";

/** The command that starts it; undefined: it is not installed. */
export const chromium: string | undefined = ["chromium", "chromium-browser", "google-chrome"].find(
  (name) => spawnSync(name, ["--version"]).status === 0,
);

export interface Page {
  /** What an expression is worth in the page, as JSON. */
  evaluate<T>(expression: string): Promise<T>;
  /** `width` and `height` in CSS pixels. */
  resize(width: number, height: number): Promise<void>;
  /** As `{ media: "print" }`, or `{ features: [{ name: "prefers-color-scheme", value: "dark" }] }`. */
  emulate(media: object): Promise<void>;
  /** A key, such as `Tab` or `Enter`. */
  press(key: "Tab" | "Enter"): Promise<void>;
  /** What the browser has complained of so far, such as a script that the page's policy forbids. */
  readonly complaints: readonly string[];
}

const KEYS = { Tab: 9, Enter: 13 } as const;

/** Opens the page, lends it to `work`, and ends the browser. */
export async function withPage(html: string, work: (page: Page) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), "retort-browser-"));
  const file = join(folder, "page.html");
  writeFileSync(file, html);
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-pipe"];
  const browser = spawn(chromium!, [...flags, `--user-data-dir=${join(folder, "profile")}`, "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
    detached: true,
  });
  const ended = new Promise((resolve) => browser.once("exit", resolve));
  try {
    await work(await openPage(browser, pathToFileURL(file).href));
  } finally {
    // Its own processes too, which would outlive it, and write there for as long as it takes to end.
    if (browser.pid !== undefined) process.kill(-browser.pid, "SIGKILL");
    await ended;
    rmSync(folder, { recursive: true, force: true, maxRetries: 20, retryDelay: 100 });
  }
}

interface Message {
  readonly id?: number;
  readonly method?: string;
  readonly params?: { readonly entry?: { readonly text: string } };
  readonly result?: Readonly<Record<string, unknown>>;
  readonly error?: { readonly message: string };
}

async function openPage(browser: ChildProcess, url: string): Promise<Page> {
  const [, , , input, output] = browser.stdio as unknown as [null, null, null, Writable, Readable];
  const complaints: string[] = [];
  const waiting = new Map<number, (message: Message) => void>();
  let tellLoaded: () => void = () => {};
  const loaded = new Promise<void>((resolve) => {
    tellLoaded = resolve;
  });
  const hear = (message: Message): void => {
    if (message.method === "Page.loadEventFired") tellLoaded();
    if (message.method === "Log.entryAdded") complaints.push(message.params!.entry!.text);
    if (message.id !== undefined) waiting.get(message.id)?.(message);
  };
  let rest = "";
  output.setEncoding("utf8").on("data", (chunk: string) => {
    const texts = (rest + chunk).split("\0");
    rest = texts.pop()!;
    for (const text of texts) hear(JSON.parse(text) as Message);
  });
  let last = 0;
  const ask = async (method: string, params: object = {}, sessionId?: string): Promise<Message["result"]> => {
    const id = ++last;
    const answer = new Promise<Message>((resolve) => waiting.set(id, resolve));
    input.write(`${JSON.stringify({ id, method, params, sessionId })}\0`);
    const { error, result } = await answer;
    if (error !== undefined) throw new Error(`${method}: ${error.message}`);
    return result;
  };
  const target = await ask("Target.createTarget", { url: "about:blank" });
  const attached = await ask("Target.attachToTarget", { targetId: target!["targetId"], flatten: true });
  const send = (method: string, params?: object) => ask(method, params, attached!["sessionId"] as string);
  await send("Page.enable");
  await send("Log.enable");
  await send("Page.navigate", { url });
  await loaded;
  return {
    complaints,
    evaluate: async <T>(expression: string) => {
      const found = await send("Runtime.evaluate", { expression, returnByValue: true });
      const { value } = found!["result"] as { value: T };
      return value;
    },
    resize: async (width, height) => {
      await send("Emulation.setDeviceMetricsOverride", {
        width,
        height,
        deviceScaleFactor: 1,
        mobile: false,
      });
    },
    emulate: async (media) => {
      await send("Emulation.setEmulatedMedia", media);
    },
    press: async (key) => {
      const pressed = { key, code: key, windowsVirtualKeyCode: KEYS[key] };
      const text = key === "Enter" ? { text: "\r" } : {};
      await send("Input.dispatchKeyEvent", { type: "keyDown", ...pressed, ...text });
      await send("Input.dispatchKeyEvent", { type: "keyUp", ...pressed });
    },
  };
}
