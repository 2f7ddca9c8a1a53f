/** What the configuration says of rules → the rules to be asked, and how much each weighs. */
import { MigrateError } from "../errors.ts";
import { nearest } from "../nearest.ts";
import { allRules, RULE_SET } from "./all.ts";
import type { Rule, Severity } from "./rule.ts";

/** `lint` in the configuration. */
export interface LintSettings {
  /** The version of the rule set. */
  readonly version: number;
  /** Rules by how much they weigh, where that is not as they come. */
  readonly error: readonly string[];
  readonly warning: readonly string[];
  readonly off: readonly string[];
}

/** A rule that is asked. */
export interface ActiveRule {
  readonly rule: Rule;
  readonly severity: Exclude<Severity, "off">;
}

export const isRule = (id: string): boolean => allRules.some((rule) => rule.id === id);

/** The rules of that version that are not off, those that speak last at the end; a rule that is named counts whatever the version. Throws `usage/unknown-rule`, `usage/rule-set`, `usage/rule-twice`. */
export function activeRules(settings: LintSettings): readonly ActiveRule[] {
  if (settings.version < 1 || settings.version > RULE_SET) {
    throw new MigrateError({
      code: "usage/rule-set",
      message: `version ${settings.version} of the rule set does not exist`,
      hint: `the newest is ${RULE_SET}: write it as "lint": { "version": ${RULE_SET} }${settings.version < 1 ? "" : ", or install a newer Retort"}`,
    });
  }
  const said = saidOf(settings);
  const inTurn = allRules.toSorted((a, b) => Number(a.last === true) - Number(b.last === true));
  return inTurn.flatMap((rule) => {
    const severity = said.get(rule.id) ?? (rule.since <= settings.version ? rule.severity : "off");
    return severity === "off" ? [] : [{ rule, severity }];
  });
}

function saidOf(settings: LintSettings): ReadonlyMap<string, Severity> {
  const said = new Map<string, Severity>();
  for (const severity of ["error", "warning", "off"] as const) {
    for (const id of settings[severity]) {
      if (!isRule(id)) throw unknownRule(id, `lint.${severity}`);
      if (said.has(id)) {
        throw new MigrateError({
          code: "usage/rule-twice",
          message: `the rule ${id} is in both lint.${said.get(id)} and lint.${severity}`,
          hint: "keep one of them",
        });
      }
      said.set(id, severity);
    }
  }
  return said;
}

function unknownRule(id: string, where: string): MigrateError {
  return new MigrateError({
    code: "usage/unknown-rule",
    message: `${where}: ${unknownRuleText(id)}`,
    hint: ruleHint(id),
  });
}

export const unknownRuleText = (id: string): string => `rule ${id} does not exist`;

/** The rule that a misspelt word was probably meant to be. */
export const ruleMeantBy = (word: string): string | undefined =>
  nearest(
    word,
    allRules.map(({ id }) => id),
  );

/** What may have been meant. */
export function ruleHint(id: string): string {
  const meant = ruleMeantBy(id);
  return meant === undefined ? "see the list of rules in docs/rules.md" : `did you mean ${meant}?`;
}
