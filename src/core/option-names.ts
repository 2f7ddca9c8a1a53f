/** An option of the API → what messages call it: the flag on the command line, or the option itself. */

/** The flags of the options that messages name. `desired`: a database beside the one that is worked with. */
const FLAGS = {
  database: "--database",
  desired: "--desired",
  directories: "--directory",
  environment: "--env",
  lockTimeout: "--lock-timeout",
  scratch: "--scratch",
  serverVersion: "--server-version",
  statementTimeout: "--statement-timeout",
  variables: "-x",
} as const;

/** The option that a flag's name stands for, written as one of the API: `env`, `directory`. */
export const optionOfFlag = (name: string): string | undefined => {
  const flag = name.replaceAll(/[A-Z]/g, (letter) => `-${letter.toLowerCase()}`);
  return Object.entries(FLAGS).find(([, each]) => each.replace(/^-+/, "") === flag)?.[0];
};

/** `flag --scratch`, where it was typed on the command line; `option scratch`, where a caller of the API gave it. */
export type OptionNames = (option: keyof typeof FLAGS) => string;

export const asFlags: OptionNames = (option) => `flag ${FLAGS[option]}`;
export const asOptions: OptionNames = (option) => `option ${option}`;
