/** A word that headers or other tools have for an end of the graph → the target that is meant. */

/** `all` is the end of whichever way is gone. */
const ends: ReadonlyMap<string, "base" | "heads" | "all"> = new Map([
  ["none", "base"],
  ["zero", "base"],
  ["latest", "heads"],
  ["newest", "heads"],
  ["tip", "heads"],
  ["all", "all"],
]);

export function endMeant(word: string, way: "up" | "down" = "up"): "base" | "heads" | undefined {
  const end = ends.get(word.toLowerCase());
  return end !== "all" ? end : way === "up" ? "heads" : "base";
}
