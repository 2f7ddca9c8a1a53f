/** A user that the system does not know, as in a container that was given a number: an address needs no home. */
import { afterAll, expect, test, vi } from "vitest";
import { parseAddress } from "../../../src/core/address.ts";

vi.mock("node:os", async (original) => {
  const unknown = (): never => {
    throw Object.assign(new Error("uv_os_homedir returned ENOENT"), { code: "ERR_SYSTEM_ERROR" });
  };
  return { ...(await original<typeof import("node:os")>()), homedir: unknown, userInfo: unknown };
});

// Files share a process: what others have loaded knows the user, and what is loaded here must not stay.
vi.resetModules();
afterAll(() => void vi.resetModules());
const { resolveAddress } = await import("../../../src/io/libpq/parameters.ts");

const resolve = (address: string) =>
  resolveAddress(parseAddress(address, "test"), "test", "/", { variable: () => undefined, cwd: "/" });

test("an address that names its user is complete", async () => {
  expect(await resolve("postgres://ann:pw@db/shop")).toMatchObject({
    user: "ann",
    password: "pw",
    database: "shop",
  });
  expect(await resolve("postgres://ann@db/shop")).not.toHaveProperty("password");
});

test("one that names none says so", async () => {
  await expect(resolve("postgres://db/shop")).rejects.toMatchObject({ code: "usage/database-address" });
});
