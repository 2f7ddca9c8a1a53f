/** What a caller of the API gives wrongly is told by name before anything is opened, and no value is repeated. */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { expect, test } from "vitest";
import { migratedDatabase, withMigratedDatabase } from "../../src/app/test-database.ts";
import {
  autogenerate,
  branchPoints,
  check,
  checkConfig,
  compareOrders,
  createRevision,
  currentHeads,
  dev,
  downgrade,
  dump,
  edit,
  headsFindings,
  history,
  lint,
  mergeRevisions,
  newRevision,
  offline,
  openProject,
  planStamp,
  planUpgrade,
  readLog,
  readState,
  receiptsOf,
  refuseChanged,
  removeRevision,
  renderScript,
  renderSplit,
  run,
  show,
  squash,
  testMigrations,
  upgrade,
} from "../../src/index.ts";
import { failureOf, project } from "../support/project.ts";

const deps = { env: {}, cwd: "/", now: () => new Date() };
const up = { kind: "upgrade", target: "head" };
const two = project({ a: "SELECT 1;", b: "SELECT 1;" });
const forked = project({ a: "SELECT 1;", b: "SELECT 1;", c: { up: "SELECT 1;", parent: "a" } });
/** As JavaScript calls it. */
const untyped = (verb: unknown) => verb as (...given: readonly unknown[]) => Promise<unknown>;
const [toUpgrade, toDowngrade, toRun, toWrite, toRead, toMake] = [
  ...[upgrade, downgrade, run, offline, readState, migratedDatabase].map(untyped),
] as const;

const opened = await openProject(two.deps, {});
const { graph } = opened;
const standing = { project: opened, applied: [], pending: [], unknown: [] };
const { plan, ledger, form } = await offline(two.deps, { kind: "upgrade", target: "base:head" });
const script = [plan, ledger];

const refused: readonly (readonly [() => Promise<unknown> | undefined, string, string?])[] = [
  [() => toRun?.(deps, { ...up, kind: "Upgrade" }, {}), "kind must be upgrade, downgrade or stamp"],
  [() => toRun?.(deps), "kind must be upgrade, downgrade or stamp"],
  [() => toWrite?.(deps, { ...up, kind: "Upgrade" }, {}), "kind must be upgrade, downgrade or stamp"],
  [() => toRun?.(deps, { kind: "stamp" }, {}), "targets must be a list of strings"],
  [
    () => toRun?.(deps, { kind: "upgrade", targets: ["head"] }),
    'no option "targets"',
    "did you mean target?",
  ],
  [() => toRun?.(undefined, up), "deps must be an object"],
  [() => toRun?.({ ...deps, now: undefined }, up), "deps.now must be a function"],
  [() => toRun?.({ ...deps, signal: "no" }, up), "deps.signal must be an AbortSignal"],
  [() => toRun?.(deps, up, { waitt: 1 }), 'no option "waitt"', "did you mean wait?"],
  [() => toRead?.(), "deps must be an object"],
  [() => toRead?.(deps), "the options must be an object"],
  [() => toWrite?.(deps, up, { idempotant: true }), 'no option "idempotant"', "did you mean idempotent?"],
  [() => toDowngrade?.(), "downgrade needs a target"],
  [() => toDowngrade?.({}), "downgrade needs a target"],
  [() => toUpgrade?.(null), "the options must be an object"],
  [
    () => toUpgrade?.({ _events: {}, connect() {} }),
    "the options must not be a connection",
    "give it in an option: { connection: pool }",
  ],
  [
    () => toRun?.({ _events: {}, connect() {} }, up),
    "deps must not be a connection",
    "give it in the options, the third argument: { connection: pool }",
  ],
  [
    () => toRead?.({ _events: {}, connect() {} }, {}),
    "deps must not be a connection",
    "give it in the options, the second argument: { connection: pool }",
  ],
  [() => toUpgrade?.({ targt: "head" }), 'no option "targt"', "did you mean target?"],
  [() => toUpgrade?.({ target: 1 }), "target must be a string"],
  [() => toUpgrade?.({ signal: {} }), "signal must be an AbortSignal"],
  [() => toUpgrade?.({ directories: "migrations" }), "directories must be a list of strings"],
  [
    () => toUpgrade?.({ lockTimeout: 5 }),
    'lockTimeout must be a string such as "5s", or "5000" for milliseconds',
  ],
  [() => toUpgrade?.({ lockTimeout: "soon" }), "lockTimeout must be a time such as 5s, 1.5min or 500ms"],
  [() => toUpgrade?.({ lockWait: "5s" }), "lockWait must be a number of seconds, 0 or more"],
  [() => toUpgrade?.({ lockWait: -1 }), "lockWait must be a number of seconds, 0 or more"],
  [() => toUpgrade?.({ lockRetries: 1.5 }), "lockRetries must be a whole number, 0 or more"],
  [() => toUpgrade?.({ wait: "abc" }), "wait must be a number of seconds, 0 or more"],
  [() => toUpgrade?.({ onEvent: 1 }), "onEvent must be a function"],
  [() => toMake?.({ target: 1 }), "target must be a string"],
  // What is behind the arguments that are taken would have no effect.
  ...([toUpgrade, toDowngrade, toMake] as const).flatMap((verb, i) => {
    const [name, target] = ["upgrade head", "downgrade -1", "migratedDatabase heads"][i]!.split(" ");
    const hint = `give all in one object: ${name}({ ...deps, target: "${target}" })`;
    const message = `${name} takes one argument, and there are 2`;
    return [deps, {}].map((first) => [() => verb?.(first, { target: "a" }), message, hint] as const);
  }),
  [
    () => toRun?.(deps, up, {}, { dryRun: true }),
    "there are 4 arguments, and the function takes 3: deps, request, options",
  ],
  [() => toRead?.(deps, {}, {}), "there are 3 arguments, and the function takes 2: deps, options"],
  [
    () => untyped(show)(deps, "head", {}, {}),
    "there are 4 arguments, and the function takes 3: deps, target, options",
  ],
  [
    async () => untyped(withMigratedDatabase)({ before() {}, after() {} }, {}, {}),
    "there are 3 arguments, and the function takes 2: hooks, options",
  ],
  [
    async () => untyped(planUpgrade)({}, [], "a", "b"),
    "there are 4 arguments, and the function takes 3: graph, rows, target",
  ],
  [
    async () => untyped(renderScript)({}, {}, {}, {}),
    "there are 4 arguments, and the function takes 3: plan, ledger, form",
  ],
  [() => toUpgrade?.("0001"), "the options must be an object", 'give { target: "0001" }'],
  [() => toDowngrade?.("-1"), "the options must be an object", 'give { target: "-1" }'],
  [
    () => toUpgrade?.("postgres://u:p@h/d"),
    "the options must be an object",
    'give { database: "postgres://..." }',
  ],
  [
    () => untyped(createRevision)(deps, "create users"),
    "the options must be an object",
    "give an object with message",
  ],
  // Words of the command line, of other libraries, of another argument.
  [() => toRead?.(deps, { directory: "db" }), 'no option "directory"', "did you mean directories?"],
  [() => toRead?.(deps, { x: ["a=b"] }), 'no option "x"', "did you mean variables?"],
  [() => toRead?.(deps, { env: "prod" }), 'no option "env"', "did you mean environment?"],
  [() => toRead?.(deps, { env: {} }), 'no option "env" here', "give it in deps, the first argument"],
  [() => toUpgrade?.({ env: "prod" }), "a named environment is given with the option environment"],
  [() => toRead?.({ ...deps, cwd: "db" }, {}), "deps.cwd must be an absolute path"],
  [() => toUpgrade?.({ cwd: "db" }), "cwd must be an absolute path"],
  [() => toUpgrade?.({ cwd: `${two.folder}/nope` }), "cwd must be a folder that exists"],
  [
    () => untyped(lint)(deps, { serverVersion: { major: 16 } }),
    'serverVersion must be an object such as { number: 160000, text: "16" }',
  ],
  [() => toUpgrade?.({ databaseUrl: "no" }), 'no option "databaseUrl"', "did you mean database?"],
  [() => toRead?.(deps, { creates: true }), 'no option "creates"'],
  [
    () => toRun?.(deps, { ...up, dryRun: true }),
    'there is no option "dryRun" here',
    "give it in the options, the third argument",
  ],
  [
    () => toRun?.(deps, up, { onlyAdds: true }),
    'there is no option "onlyAdds" here',
    "give it in the request, the second argument",
  ],
  [
    () => toWrite?.(deps, up, { confirm: () => true }),
    'there is no option "confirm" here',
    "give it in the options of run, which a script has no use for",
  ],
  [() => toRead?.(deps, { cwd: "/" }), 'no option "cwd" here', "give it in deps, the first argument"],
  // What a run has no use for, a script has.
  ...(["expectDatabase", "expectRole", "serverVersion"] as const).flatMap((name) => {
    const option = { [name]: name === "serverVersion" ? { number: 160000, text: "16" } : "no" };
    const hint = "give it in the options of offline, for a script";
    return [
      [() => toUpgrade?.(option), `there is no option "${name}" here`, hint] as const,
      [() => toRun?.(deps, up, option), `there is no option "${name}" here`, hint] as const,
    ];
  }),
  [
    () => toRead?.({ ...deps, connection: {} }, {}),
    "deps has no connection",
    "give it in the options, the second argument",
  ],
  [
    () => toWrite?.(deps, up, { expectRole: "postgres://u:p@h/d" }),
    "expectRole must be something other than the address of a database",
  ],
  [
    async () => untyped(renderScript)(...script, { client: "any", annotate: true, source: "host=h user=u" }),
    "form.source must be something other than",
  ],
  [async () => untyped(withMigratedDatabase)(), "withMigratedDatabase needs the hooks of the test framework"],
  // A whole test framework may be given, but no option of the second argument.
  ...["target", "scratch", "env"].map((name) => {
    const hooks = { before() {}, after() {}, [name]: "no" };
    const call = async () => untyped(withMigratedDatabase)(hooks, {});
    return [call, `the hooks have no ${name}\nhint: give it in the options, the second argument`] as const;
  }),
  // What another function takes, or gives, is no argument of this one.
  [() => toRun?.(up), "deps has no kind", "give it in the request, the second argument"],
  [() => toRead?.({ database: "no" }), "deps has no database", "give it in the options, the second argument"],
  [() => toRun?.({ ...deps, now: Date.now }, up), "deps.now must be a function that returns a Date"],
  [() => toUpgrade?.({ now: () => new Date(Number.NaN) }), "now must be a function that returns a Date"],
  [
    async () => untyped(renderScript)({ plan, ledger }),
    "plan must be a plan, a property of what offline gives",
    "the arguments are plan, ledger, form",
  ],
  ...[renderScript, renderSplit].map((render) => {
    const call = async () => untyped(render)({ ...plan, steps: plan.steps.slice(1) }, ledger, form);
    return [call, "plan must be a plan with all its steps: for a part of them, give offline"] as const;
  }),
  [async () => untyped(renderScript)({ ...plan, batches: [{}] }, ledger, form), "plan must be a plan, a"],
  [async () => untyped(renderSplit)(plan), "ledger must be a ledger"],
  [async () => untyped(renderScript)(...script, null), "form must be an object"],
  ...[renderScript, renderSplit].map((render) => {
    const call = async () => untyped(render)(plan, JSON.parse(JSON.stringify(ledger)), form);
    return [call, "ledger must be a ledger, a property of what offline gives, and not its JSON"] as const;
  }),
  ...Object.entries({
    annotate: ["no", "true or false"],
    source: [123, "a string"],
    flags: ["--x", "a list of strings"],
  }).map(([name, [value, mustBe]]) => {
    const call = async () => untyped(renderScript)(...script, { ...form, [name]: value });
    return [call, `form.${name} must be ${mustBe}`] as const;
  }),
  [() => toWrite?.(deps, up, { form: { client: "any" } }), "form.annotate must be true or false"],
  [() => toWrite?.(deps, up, { form: { ...form, split: "out" } }), "form.split must be true or false"],
  [async () => untyped(headsFindings)(standing, { allowAhead: "yes" }), "allowAhead must be true or false"],
  [async () => untyped(headsFindings)(standing, { ahead: true }), 'no option "ahead"'],
  [async () => untyped(headsFindings)(JSON.parse(JSON.stringify(standing))), "state must be a state"],
  [async () => untyped(refuseChanged)({ graph: {} }, [], {}), "project must be a project"],
  [async () => untyped(planStamp)(graph, [], ["head"], { purge: "no" }), "purge must be true or false"],
  [async () => untyped(newRevision)(graph, { heads: "head" }), "heads must be a list of strings"],
  [async () => untyped(headsFindings)(deps, {}), "state must be a state, as readState gives it"],
  [async () => untyped(refuseChanged)(deps, {}), "project must be a project, as openProject gives it"],
  [async () => untyped(receiptsOf)(Buffer.from("x")), "text must be a string"],
  [async () => untyped(branchPoints)(deps), "graph must be a graph"],
  [async () => untyped(planUpgrade)(graph, {}, "head"), "rows must be a list of rows"],
  [async () => untyped(planStamp)(graph, [], "head"), "targets must be a list of strings"],
  [async () => untyped(currentHeads)(graph, "head"), "applied must be a list of revisions"],
  [() => untyped(squash)(deps, {}), "range must be a string"],
  [() => untyped(squash)(deps, { range: 5 }), "range must be a string"],
  ...[["acme"], ["=acme"], ["A=B", "acme"]].map((variables) => {
    const call = () => toUpgrade?.({ variables });
    return [call, 'variables must be a list of "KEY=VALUE", such as "TENANT=acme"'] as const;
  }),
  [
    async () => untyped(withMigratedDatabase)({ before() {}, afterAll() {} }),
    "withMigratedDatabase needs the hooks of the test framework",
  ],
  [
    async () => untyped(withMigratedDatabase)({ beforeAll() {}, after() {} }),
    "withMigratedDatabase needs the hooks of the test framework",
  ],
  // A list that is computed may be empty, and so may a text.
  ...[
    ["heads", () => untyped(createRevision)(deps, { message: "x", heads: [] })],
    ["heads", async () => untyped(newRevision)(graph, { heads: [] })],
    ["only", () => untyped(check)(deps, { only: [] })],
    ["targets", () => toRun?.(deps, { kind: "stamp", targets: [] })],
    ["targets", async () => untyped(planStamp)(graph, [], [])],
    ["directories", () => toRead?.(deps, { directories: [] })],
  ].map(
    ([name, call]) => [call as () => Promise<unknown>, `${name} must be a list that is not empty`] as const,
  ),
  ...["expectDatabase", "expectRole", "environment", "config"].map((name) => {
    const call = () => toWrite?.(deps, up, { [name]: "" });
    return [call, `${name} must be a string that is not empty`] as const;
  }),
  ...["directories", "variables"].map((name) => {
    const call = () => toRead?.(deps, { [name]: ["a=b", ""] });
    return [call, `${name} must be a list of strings that are not empty`] as const;
  }),
  [() => toUpgrade?.({ target: "" }), 'target must be a string, such as "head", "+1" or "base"'],
  [() => untyped(autogenerate)(deps, { message: "x", template: "y" }), 'there is no option "template"'],
  // One of the two would have no effect.
  ...[
    () => toRun?.(deps, { kind: "stamp", targets: ["a"], purge: true, onlyAdds: true }),
    async () => untyped(planStamp)(graph, [], ["a"], { purge: true, onlyAdds: true }),
  ].map((call) => [call, "purge and onlyAdds cannot be combined", "leave one of them out"] as const),
  // What the command has no flag for.
  [
    () => toDowngrade?.({ target: "-1", allowAhead: true }),
    "allowAhead works only with upgrade",
    "leave it out",
  ],
  [
    () => toWrite?.(deps, { kind: "downgrade", target: "head:base" }, { withDowngrade: true }),
    "withDowngrade works only with upgrade",
  ],
  ...Object.entries({
    failOn: "hazard",
    singleTransaction: true,
    lockTimeout: "1s",
    statementTimeout: "1s",
    lockRetries: 1,
    allowAhead: true,
  }).map(([name, value]) => {
    const call = () => toRun?.(deps, { kind: "stamp", targets: ["a"] }, { [name]: value });
    const kinds = name === "allowAhead" ? "upgrade" : "upgrade and downgrade";
    return [call, `${name} works only with ${kinds}`, "leave it out"] as const;
  }),
  ...[
    ["withDowngrade", { withDowngrade: true }],
    ["lockTimeout", { lockTimeout: "1s" }],
    ["lockRetries", { form: { ...form, lockRetries: 1 } }],
  ].map(([name, options]) => {
    const call = () => toWrite?.(deps, { kind: "stamp", targets: ["a"] }, options);
    return [call, `${name} works only with upgrade`] as const;
  }),
  [
    () => untyped(dump)(two.deps, { output: "x.sql", folder: "y" }),
    "output and folder cannot be combined",
    "leave one of them out",
  ],
  ...[toUpgrade, (options: object) => toRead?.(two.deps, options)].map((verb) => {
    const call = () => verb?.({ connection: {}, database: "pglite:memory" });
    return [call, "connection and database cannot be combined", "leave one of them out"] as const;
  }),
  [() => untyped(dump)(deps), "the options must be an object"],
  [() => untyped(createRevision)(deps, {}), "message must be a string"],
  [() => untyped(mergeRevisions)(deps, {}), "targets must be a list of strings"],
  [() => untyped(readLog)(deps, { last: -1 }), "last must be a whole number, 0 or more"],
  [() => untyped(edit)(deps, {}), 'target must be a string, such as "head"'],
  [() => untyped(show)(deps, "head"), "the options must be an object"],
  [() => untyped(openProject)({}, {}), "deps.env must be an object"],
  [() => untyped(compareOrders)(deps, {}, "head"), "revisions must be a list of strings"],
  [() => untyped(check)(deps, { only: ["fils"] }), 'only must be a list of "single-head", "files", "schema"'],
  [() => untyped(lint)(deps, { wich: [] }), 'no option "wich"', "did you mean which?"],
  [
    async () => untyped(renderScript)(...script, { client: "foo", annotate: true }),
    'client must be "psql" or "any"',
  ],
  [
    async () => untyped(renderSplit)(...script, { client: "any", annotate: true, lockRetries: -1 }),
    "lockRetries must be a whole number",
  ],
];

test.each(refused.map(([call, message, hint]) => ({ call, message, hint })))("$message", async (each) => {
  const error = await failureOf(each.call() ?? Promise.resolve());
  expect(error).toMatchObject({ code: "usage/option", message: expect.stringContaining(each.message) });
  if (each.hint !== undefined) expect(error).toMatchObject({ hint: each.hint });
});

test("a flag that is false is none", async () => {
  const off = { singleTransaction: false, withDowngrade: false } as const;
  const stamp = { kind: "stamp", targets: ["b"], purge: false, onlyAdds: true } as const;
  expect((await offline(two.deps, stamp, off)).plan.steps).toHaveLength(2);
});

test("a plan and a form may come out of JSON", () => {
  const { plan: p, form: f } = JSON.parse(JSON.stringify({ plan, form }));
  expect(renderScript(p, ledger, f).text).toBe(renderScript(plan, ledger, form).text);
});

test("a test framework is taken as a whole, and a list over and over by map", async () => {
  const vitest = await import("vitest");
  const hooks = { ...vitest, beforeAll() {}, afterAll() {} };
  expect(withMigratedDatabase(hooks)).toHaveProperty("use");
  expect(["x", "y"].map(receiptsOf)).toEqual([undefined, undefined]);
});

test.each<[() => Promise<unknown>, string, string]>([
  [() => testMigrations(two.deps, { range: "b:a" }), "usage/reversed-range", "did you mean a:b?"],
  [() => dump(two.deps, { revision: "a:b" }), "usage/range-not-allowed", "migrate dump --database URL b"],
  [() => mergeRevisions(forked.deps, { targets: ["head"] }), "graph/multiple-heads", "migrate merge b c"],
  [() => mergeRevisions(two.deps, { targets: [] }), "graph/nothing-to-merge", "a merge joins two or more"],
])(
  "a target of another kind is told what is meant, before anything is opened: %#",
  async (call, code, hint) => {
    expect(await failureOf(call())).toMatchObject({ code, hint: expect.stringContaining(hint) });
  },
);

test("an address is said to come from the option that gave it", async () => {
  const { deps: world } = project({ a: "SELECT 1;" });
  for (const [name, verb] of [
    ["scratch", testMigrations],
    ["database", readState],
  ] as const) {
    const { message } = await failureOf(verb(world, { [name]: "mysql://h/shop" }));
    expect(message).toContain(`(from option ${name})`);
  }
  const { settings } = await checkConfig(world, { database: "pglite:memory", directories: ["."] });
  const origins = settings.map(({ setting, origin }) => [setting, origin]);
  expect(Object.fromEntries(origins)).toMatchObject({
    database: "option database",
    directories: "option directories",
  });
});

test("hints name the options, and no flags", async () => {
  const made = project({ a: "SELECT 1;" });
  const [cwd, sub] = [made.folder, path.join(made.folder, "db")];
  mkdirSync(sub);
  writeFileSync(path.join(cwd, "migrate.config.json"), '{ "directories": ["migrations"] }');
  mkdirSync(path.join(cwd, "migrations"));
  const anyClient = { client: "any", annotate: true } as const;
  const idempotent = await offline(two.deps, { kind: "upgrade", target: "head" }, { idempotent: true });
  expect(
    await failureOf((async () => renderScript(idempotent.plan, idempotent.ledger, anyClient))()),
  ).toMatchObject({
    message: 'option idempotent and client: "any" cannot be combined',
  });
  const outside = project({ a: "SELECT 1;", b: "CREATE INDEX CONCURRENTLY i ON t (x);" });
  const toHead = { kind: "upgrade", target: "head" } as const;
  expect(await failureOf(offline(outside.deps, toHead, { singleTransaction: true }))).toMatchObject({
    hint: "leave out option singleTransaction, or go only as far as a",
  });
  expect(await failureOf(offline(outside.deps, toHead, { form: anyClient }))).toMatchObject({
    hint: "write one file per transaction: renderSplit, and split: true in the form; or use psql",
  });
  const away = { database: "postgres://ann@127.0.0.1:1/other" };
  expect((await failureOf(readState(two.deps, away))).hint).toMatch(
    /see the settings with: checkConfig\(deps, options\)$/,
  );
  expect(await failureOf(offline(two.deps, { kind: "downgrade", target: "-1" }))).toMatchObject({
    message: "downgrade as a script requires <fromrev>:<torev>",
    hint: 'name the revision that the database is at, for example: target: "head:-1"',
  });
  const range = { kind: "upgrade", target: "a:b" } as const;
  const newOf = (options: object) => createRevision(two.deps, { message: "x", ...options });
  const hintOf = async (from: string, options: object) =>
    (await failureOf(history({ ...made.deps, cwd: from }, options))).hint;
  expect(await hintOf(sub, { directories: ["migrations"] })).toBe(
    `did you mean directories: ["../migrations"]? without it, the folders of ${cwd}/migrate.config.json are read`,
  );
  // Who reads it may be in another folder than the one that the call is for.
  const none = path.join(made.folder, "none", "deep");
  mkdirSync(none, { recursive: true });
  expect(
    await failureOf(history({ ...made.deps, cwd: none, env: {} }, { directories: ["x"] })),
  ).toMatchObject({
    message: `the directory ${none}/x does not exist`,
    hint: expect.stringMatching(/^name another with directories: \["DIR"\], or create it with: /),
  });
  const nothing = { ...two.deps, env: {} };
  expect(await failureOf(newOf({ branchLabels: ["my label"] }))).toMatchObject({
    hint: expect.stringContaining('give each label by itself: branchLabels: ["a", "b"]'),
  });
  expect(await failureOf(newOf({ heads: ["a"] }))).toMatchObject({
    message: expect.stringContaining("please specify splice: true to create"),
  });
  expect((await failureOf(removeRevision(nothing, {}))).hint).toBe(
    'name the database with database: "URL"; or, if it is not applied anywhere, give yes: true',
  );
  const url = "postgres://ann@127.0.0.1:1/x";
  const onDatabase = { once: true, onDatabase: true, onRound() {}, onError() {} };
  expect(await failureOf(dev({ ...nothing, env: { DATABASE_URL: url } }, onDatabase))).toMatchObject({
    message: expect.stringMatching(/^option onDatabase changes a database/),
    hint: 'add database: "URL"',
  });
  const purge = { kind: "stamp", targets: ["a"], purge: true } as const;
  expect(await failureOf(offline(two.deps, purge))).toMatchObject({
    message: "purge works only with run, and not in a script",
  });
  expect((await failureOf(run(two.deps, range, { database: "pglite:memory" }))).hint).toBe(
    "a range is only for scripts (offline(deps, request)); give the target alone: b",
  );
  expect(await hintOf(cwd, { config: "none.json" })).toMatch(/^check the path given as option config; /);
  expect((await failureOf(readState({ ...made.deps, cwd, env: {} }, {}))).hint).toContain(
    '\n  { database: "postgres://USER:PASSWORD@localhost:5432/shop" }\n',
  );
});

test.each([null, "postgres://ann:hunter2@localhost/shop", 5, { configuration: {} }])(
  "a connection that is none: %s",
  async (given) => {
    const { folder } = project({ a: "SELECT 1;" });
    const error = await failureOf(
      toUpgrade?.({ cwd: folder, env: {}, connection: given }) ?? Promise.resolve(),
    );
    expect(error).toMatchObject({ code: "usage/connection" });
    expect(JSON.stringify([error, String(error)])).not.toContain("hunter2");
  },
);
