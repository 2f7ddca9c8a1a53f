/** The value of a down file's `accepts` → what the downgrade may leave different, and why. */

/** What a way back can leave: its columns in another order, rows that are gone, another catalog. */
export const aspects = ["column-order", "lossy", "different"] as const;

export type Aspect = (typeof aspects)[number];

export interface Acceptance {
  readonly aspects: readonly Aspect[];
  readonly reason: string;
}

const FORM = new RegExp(
  `^((?:${aspects.join("|")})(?:\\s*,\\s*(?:${aspects.join("|")}))*)\\s*\\((.*\\S.*)\\)$`,
);

/** `lossy, column-order (the notes were never used)`; undefined where the value has another form. */
export function acceptanceOf(value: string): Acceptance | undefined {
  const [, list, reason] = FORM.exec(value) ?? [];
  if (list === undefined || reason === undefined) return undefined;
  return { aspects: list.split(",").map((each) => each.trim() as Aspect), reason: reason.trim() };
}
