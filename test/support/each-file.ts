/** What vitest runs for each test file. A module is loaded once for many, so that a hook in it would be the first file's. */
import { afterAll } from "vitest";
import { removeFolders } from "./folders.ts";

afterAll(removeFolders);
