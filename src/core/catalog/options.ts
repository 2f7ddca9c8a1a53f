/** The options of foreign-data objects, `name=value` each → the same in the order of their names, without secrets. */

/** What a change of a secret changes is not seen: whatever could tell could also be used to guess it. */
export function hideSecrets(options: readonly string[]): readonly string[] {
  return options
    .map((option) => {
      const name = option.slice(0, option.indexOf("="));
      return SECRET.test(name) && name !== "password_required" ? `${name}=***` : option;
    })
    .sort();
}

const SECRET = /pass|secret|key|token|credential/i;
