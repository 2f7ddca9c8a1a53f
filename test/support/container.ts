/** A PostgreSQL major goes in; a server in a container comes out, if an engine answers on this machine. */
import { existsSync } from "node:fs";
import { get, type RequestOptions } from "node:http";
import { homedir } from "node:os";
import { join } from "node:path";
import { password, type StartedServer, settings } from "./embedded.ts";

/**
 * The `DOCKER_HOST` of the first container engine that answers, undefined when none does. Importing
 * testcontainers costs 2 s, so the answer is found without it.
 */
export async function engineHost(): Promise<string | undefined> {
  const runtime = process.env["XDG_RUNTIME_DIR"];
  const sockets = [
    "/var/run/docker.sock",
    join(homedir(), ".docker/run/docker.sock"),
    join(homedir(), ".docker/desktop/docker.sock"),
    ...(runtime === undefined ? [] : [join(runtime, "docker.sock"), join(runtime, "podman/podman.sock")]),
    "/run/podman/podman.sock",
  ];
  const given = process.env["DOCKER_HOST"];
  const hosts = given ? [given] : sockets.filter((path) => existsSync(path)).map((path) => `unix://${path}`);
  for (const host of hosts) if (await answers(host)) return host;
  return undefined;
}

/** Does the engine at `host` (`unix://` or `tcp://`) answer a ping within a second? */
function answers(host: string): Promise<boolean> {
  const url = URL.canParse(host) ? new URL(host) : undefined;
  const place: RequestOptions | undefined =
    url?.protocol === "unix:"
      ? { socketPath: url.pathname }
      : url?.protocol === "tcp:"
        ? { host: url.hostname, port: url.port || 2375 }
        : undefined;
  if (place === undefined) return Promise.resolve(false);
  return new Promise((resolve) => {
    const request = get({ ...place, path: "/_ping", timeout: 1000 }, (response) => {
      response.resume();
      resolve(response.statusCode === 200);
    });
    request.once("timeout", () => request.destroy(new Error("no answer")));
    request.once("error", () => resolve(false));
  });
}

/** Starts `postgres:<major>` on the engine at `host`; the engine's reaper removes it if we are killed. */
export async function startContainer(host: string, major: number): Promise<StartedServer> {
  process.env["DOCKER_HOST"] = host;
  const { GenericContainer, Wait } = await import("testcontainers");
  const container = await new GenericContainer(`postgres:${major}-alpine`)
    .withEnvironment({ POSTGRES_PASSWORD: password })
    .withCommand([
      "postgres",
      ...Object.entries(settings).flatMap(([name, value]) => ["-c", `${name}=${value}`]),
    ])
    .withExposedPorts(5432)
    // The image starts the server once to prepare it and then again for good.
    .withWaitStrategy(Wait.forLogMessage(/ready to accept connections/, 2))
    .start();
  const place = `${container.getHost()}:${container.getMappedPort(5432)}`;
  return {
    url: `postgres://postgres:${password}@${place}/postgres`,
    stop: async () => void (await container.stop()),
  };
}
