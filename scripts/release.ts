/**
 * The working tree, its tags and CHANGELOG.md → nothing, or each reason why this version must not be published, and exit
 * code 1. npm runs it before it publishes: npm run release, or npm publish.
 */
import { execFileSync } from "node:child_process";
import { readFileSync } from "node:fs";

const { version, repository } = JSON.parse(readFileSync("package.json", "utf8")) as {
  readonly version: string;
  readonly repository?: string | { readonly url?: string };
};
const tag = `v${version}`;

const reasons = [uncommitted(), withoutTag(), withoutSection(), withoutRepository()].filter(
  (reason) => reason !== undefined,
);
for (const reason of reasons) console.error(`${version} is not published: ${reason}`);
if (reasons.length > 0) process.exitCode = 1;

function uncommitted(): string | undefined {
  const changed = git("status", "--porcelain");
  return changed === "" ? undefined : `these files are not committed:\n${changed}`;
}

/** What is published is a commit that everybody can see. */
function withoutTag(): string | undefined {
  const head = git("rev-parse", "HEAD");
  const tagged = tryGit("rev-parse", "--verify", "--quiet", `refs/tags/${tag}^{commit}`);
  if (tagged === undefined) return `there is no tag ${tag}; git tag -a ${tag} -m ${tag}`;
  if (tagged !== head) return `the tag ${tag} names another commit than the one that is checked out`;
  // An annotated tag is listed twice: as itself, and with ^{} as the commit that it names.
  const listed = tryGit("ls-remote", "origin", `refs/tags/${tag}`, `refs/tags/${tag}^{}`) ?? "";
  if (listed.split("\n").some((line) => line.startsWith(head))) return undefined;
  return `the tag ${tag} is not at origin; git push origin ${tag}`;
}

function withoutSection(): string | undefined {
  const sections = readFileSync("CHANGELOG.md", "utf8").split(/^## /m).slice(1);
  const section = sections.find((text) => text.startsWith(`${version} `));
  const isWhole = section !== undefined && /^\S+ \(\d{4}-\d{2}-\d{2}\)\n\s*\S/.test(section);
  return isWhole
    ? undefined
    : `CHANGELOG.md has no section "## ${version} (YYYY-MM-DD)" that says what is new`;
}

/** The registry compares it with where the provenance says that the package was built, and refuses one that has none. */
function withoutRepository(): string | undefined {
  const url = typeof repository === "string" ? repository : repository?.url;
  return url === undefined || url === ""
    ? "package.json has no repository, without which npm refuses its provenance; npm pkg set repository.url=git+https://HOST/OWNER/NAME.git"
    : undefined;
}

function git(...args: string[]): string {
  return execFileSync("git", args, { encoding: "utf8" }).trimEnd();
}

function tryGit(...args: string[]): string | undefined {
  try {
    return execFileSync("git", args, { encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] }).trimEnd();
  } catch {
    return undefined;
  }
}
