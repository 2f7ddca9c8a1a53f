/** What lies in deploy/ can be read, names commands and flags that there are, and asks for no more rights than it needs. */
import { spawnSync } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, test } from "vitest";
import { parse } from "yaml";
import { readCommandLine } from "../src/cli/command-line.ts";

const folder = fileURLToPath(new URL("../deploy", import.meta.url));
const textOf = (file: string): string => readFileSync(`${folder}/${file}`, "utf8");

interface Container {
  readonly name: string;
  readonly image: string;
  readonly args?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly valueFrom?: object }[];
  readonly securityContext?: object;
}
interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly annotations?: Record<string, string> };
  readonly spec: {
    readonly template: {
      readonly spec: {
        readonly initContainers?: readonly Container[];
        readonly containers: readonly Container[];
        readonly securityContext: object;
        readonly restartPolicy?: string;
      };
    };
  };
}

/** What is wrong with the words, if anything. */
async function faultOf(words: readonly string[]): Promise<unknown> {
  const { command, args, unknown } = await readCommandLine(words);
  expect(command?.name).toBe("upgrade");
  return (unknown ?? args.fault)?.message;
}

describe.each(["kubernetes/init-container.yaml", "kubernetes/job.yaml", "helm/migrate.yaml"])(
  "%s",
  (file) => {
    const manifest = parse(textOf(file)) as Manifest;
    const pod = manifest.spec.template.spec;
    const container = [...(pod.initContainers ?? []), ...pod.containers].find(
      ({ name }) => name === "migrate",
    )!;

    test("is a manifest of its kind", () => {
      const isDeployment = file.includes("init-container");
      expect(manifest).toMatchObject(
        isDeployment
          ? { apiVersion: "apps/v1", kind: "Deployment" }
          : { apiVersion: "batch/v1", kind: "Job" },
      );
      // A Job's pod must not be started again by the node.
      expect(pod.restartPolicy).toBe(isDeployment ? undefined : "Never");
      expect(
        Object.keys(manifest.metadata.annotations ?? {}).some((key) => key.startsWith("helm.sh/hook")),
      ).toBe(file.startsWith("helm"));
    });

    test("runs a command that there is, with no more rights than it needs, and the address from a secret", async () => {
      expect(await faultOf(container.args!)).toBeUndefined();
      expect(pod.securityContext).toMatchObject({ runAsNonRoot: true });
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ["ALL"] },
      });
      expect(container.env).toMatchObject([{ name: "DATABASE_URL", valueFrom: { secretKeyRef: {} } }]);
    });
  },
);

test("compose.yaml: the program waits for the migrations, they for the database; no password stands in it", async () => {
  const { services } = parse(textOf("compose.yaml")) as {
    readonly services: Record<string, Record<string, unknown>>;
  };
  expect(services["database"]).toMatchObject({
    healthcheck: { test: expect.arrayContaining(["pg_isready"]) },
  });
  expect(services["migrate"]).toMatchObject({
    read_only: true,
    cap_drop: ["ALL"],
    depends_on: { database: { condition: "service_healthy" } },
  });
  expect(services["app"]).toMatchObject({
    depends_on: { migrate: { condition: "service_completed_successfully" } },
  });
  expect(await faultOf(services["migrate"]!["command"] as readonly string[])).toBeUndefined();
  expect(textOf("compose.yaml").match(/PASSWORD: .*/g)).toEqual([
    "PASSWORD: ${POSTGRES_PASSWORD:?}",
    "PASSWORD: ${POSTGRES_PASSWORD:?}",
  ]);
});

test("ecs/task-definition.json: the program starts where the migrations succeeded", async () => {
  const { containerDefinitions } = JSON.parse(textOf("ecs/task-definition.json")) as {
    readonly containerDefinitions: readonly (Record<string, unknown> & {
      readonly command?: readonly string[];
    })[];
  };
  const [migrate, program] = containerDefinitions;
  expect(migrate).toMatchObject({ essential: false, readonlyRootFilesystem: true, user: "65532" });
  expect(await faultOf(migrate!.command!)).toBeUndefined();
  expect(program).toMatchObject({
    essential: true,
    dependsOn: [{ containerName: "migrate", condition: "SUCCESS" }],
  });
});

test("Dockerfile: the image has no root, no shell, and what the executable needs", () => {
  const stages = textOf("Dockerfile")
    .split(/^FROM /m)
    .slice(1);
  const [build, image] = stages;
  for (const script of ["build", "executable"]) {
    expect(build).toContain(`npm run -s ${script}`);
    expect(JSON.parse(readFileSync("package.json", "utf8")).scripts).toHaveProperty(script);
  }
  expect(image).toMatch(/^USER 65532:65532$/m);
  expect(image).toMatch(/^ENTRYPOINT \["\/usr\/local\/bin\/migrate"\]$/m);
  expect(image).toMatch(/^STOPSIGNAL SIGTERM$/m);
  expect(image).not.toMatch(/^RUN /m);
  expect(textOf("Dockerfile.application")).toContain("COPY --from=migrate /usr/local/bin/migrate ");
});

test("the executable is built for the processors that there is a Node for", () => {
  const build = ["scripts/executable.mjs", "--arch", "sparc"];
  const { status, stderr } = spawnSync(process.execPath, build, { encoding: "utf8" });
  expect({ status, stderr }).toEqual({ status: 1, stderr: "--arch takes x64 or arm64, not sparc\n" });
});

test("the executable is not built of what is not there", () => {
  const elsewhere = mkdtempSync(join(tmpdir(), "retort-unbuilt-"));
  try {
    const script = fileURLToPath(new URL("../scripts/executable.mjs", import.meta.url));
    const { status, stderr } = spawnSync(process.execPath, [script], { cwd: elsewhere, encoding: "utf8" });
    expect({ status, stderr }).toEqual({
      status: 1,
      stderr: "the program is not built yet; run: npm run build\n",
    });
  } finally {
    rmSync(elsewhere, { recursive: true });
  }
});

test("no hook waits for the lock as long as it may run, and what an image of another entry point needs is in it", () => {
  for (const file of ["helm/migrate.yaml", "kubernetes/job.yaml"]) {
    const [, deadline] = /activeDeadlineSeconds: (\d+)/.exec(textOf(file))!;
    const [, wait, lockWait] = /"--wait", "(\d+)", "--lock-wait", "(\d+)"/.exec(textOf(file))!;
    expect(Number(wait) + Number(lockWait)).toBeLessThanOrEqual(Number(deadline) / 2);
  }
  const image = textOf("Dockerfile.application");
  expect(image).toContain("RETORT_CACHE=off");
  expect(image).toContain('command: ["migrate", "--directory", "/migrations", "upgrade", "heads"]');
});

test("ci/github.yaml: a long review is cut, and goes into the comment that is its own", () => {
  const { jobs } = parse(textOf("ci/github.yaml")) as {
    readonly jobs: { readonly review: { readonly steps: readonly { name?: string; run?: string }[] } };
  };
  const script = jobs.review.steps.find(({ name }) => name === "comment")!.run!;
  const cwd = mkdtempSync(join(tmpdir(), "retort-comment-"));
  const gh = 'case "$*" in *--paginate*) printf "%s" "$IDS";; *) echo "$@" >> asked;; esac';
  try {
    writeFileSync(join(cwd, "gh"), `#!/bin/sh\n${gh}\n`, { mode: 0o755 });
    const run = (review: string, ids: string) => {
      writeFileSync(join(cwd, "review.md"), review);
      const env = { PATH: `${cwd}:${process.env["PATH"]}`, IDS: ids, NUMBER: "7", RUN: "https://run" };
      const world = { ...env, GITHUB_REPOSITORY: "a/b", GITHUB_STEP_SUMMARY: "summary" };
      expect(spawnSync("bash", ["-e", "-c", script], { cwd, env: world })).toMatchObject({ status: 0 });
      return readFileSync(join(cwd, "comment.md"), "utf8");
    };
    expect(run("# Review\n", "")).toBe("<!-- migrate review -->\n# Review\n");
    const long = run(`a${"ä".repeat(70_000)}`, "12\n13\n");
    expect(long.length).toBeLessThan(65_536);
    expect(long).toMatch(/^<!-- migrate review -->\nThis is the beginning of .* https:\/\/run\n\naä+$/);
    expect(readFileSync(join(cwd, "asked"), "utf8").trim().split("\n")).toEqual([
      "api --silent repos/a/b/issues/7/comments -F body=@comment.md",
      "api --silent --method PATCH repos/a/b/issues/comments/12 -F body=@comment.md",
    ]);
  } finally {
    rmSync(cwd, { recursive: true });
  }
});

describe.each(["deploy/ci/github.yaml", "deploy/ci/gitlab.yaml", ".pre-commit-hooks.yaml"])("%s", (file) => {
  const text = readFileSync(fileURLToPath(new URL(`../${file}`, import.meta.url)), "utf8");
  const lines = [...text.matchAll(/npx --no-install pgretort (.*?)(?: > \S+)?$/gm)].map(
    ([, words]) => words!,
  );

  test("is YAML, and what it runs is a command with its flags", async () => {
    expect(parse(text)).toBeInstanceOf(Object);
    expect(lines.length).toBeGreaterThanOrEqual(2);
    for (const line of lines) {
      const { command, args, unknown } = await readCommandLine(line.replaceAll('"', "").split(" "));
      expect({ line, is: command?.name, fault: (unknown ?? args.fault)?.message }).toEqual({
        line,
        is: line.split(" ", 1)[0],
        fault: undefined,
      });
    }
  });

  test("puts nothing that a stranger chose, such as the name of a branch, into a shell", () => {
    expect(text).not.toMatch(/run:.*\$\{\{/);
  });
});
