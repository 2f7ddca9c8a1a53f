/** A link as it stands in a Markdown file → where it leads in the site. */
import { posix } from "node:path";
import { addresses } from "./pages.ts";

/** To a page of the site, to a copy of another file of the repository, or elsewhere. */
export type Destination =
  | { readonly page: string; readonly anchor: string }
  | { readonly file: string }
  | { readonly url: string };

/** `page`: the file that has the link, from the root of the repository. A folder is its README.md, where that is a page. */
export function destinationOf(page: string, link: string): Destination {
  if (/^[a-z]+:/i.test(link)) return { url: link };
  const [path = "", anchor = ""] = link.split("#");
  const file = path === "" ? page : posix.join(posix.dirname(page), path);
  for (const each of [file, `${file}/README.md`]) {
    if (addresses.has(each)) return { page: each, anchor };
  }
  return { file };
}

/** The anchor of a heading, as GitHub makes it, so that a link works in both places. */
export function anchorOf(heading: string): string {
  return heading
    .trim()
    .toLowerCase()
    .replaceAll(/[^\p{L}\p{N}_ -]/gu, "")
    .replaceAll(" ", "-");
}
