/**
 * What the commands print with --json → migrate.output.schema.json. A shape stands here once: the tests hold the output of
 * every command against it, and the published schema is made of it.
 */
import { z } from "zod/v4";
import { changes } from "../src/core/receipt.ts";

export const outputSchemaPath = "migrate.output.schema.json";

/** Goes up when a key is taken away or means something else; a key that is added changes nothing for its readers. */
const VERSION = 1;

const text = z.string();
const count = z.int().nonnegative();
const texts = z.array(text);
/** ISO 8601, UTC. */
const time = text;
const sha256 = text.regex(/^[0-9a-f]{64}$/);
const object = z.strictObject;
type Shape = z.ZodType;

const location = object({ path: text, line: count, column: count });
const span = location.extend({ start: count, end: count });
const diagnostic = object({
  code: text,
  message: text,
  hint: text.optional(),
  location: location.extend({ start: count.optional() }).optional(),
});
const adoptFinding = diagnostic.extend({ to: location.optional() });
const error = diagnostic.extend({
  sqlstate: text.optional(),
  exitCode: count,
  diagnostics: z.array(diagnostic),
});

const revision = object({
  revision: text,
  parents: texts,
  dependsOn: texts,
  children: texts,
  branchLabels: texts,
  branches: texts,
  message: text,
  number: text.nullable(),
  path: text.nullable(),
  created: text.nullable(),
  head: z.boolean(),
  effectiveHead: z.boolean(),
  branchPoint: z.boolean(),
  mergePoint: z.boolean(),
  /** Where the database was asked. */
  current: z.boolean().optional(),
  applied: z.boolean().optional(),
});

const applied = object({
  revision: text,
  checksum: sha256,
  codeChecksum: sha256,
  parents: texts,
  dependsOn: texts,
  message: text,
  appliedAt: time,
  appliedBy: text,
  /** In seconds. */
  duration: z.number().optional(),
  how: z.enum(["run", "script", "stamp"]),
});

const intent = object({
  revision: text,
  direction: z.enum(["up", "down"]),
  statement: count,
  of: count,
  hash: text,
  before: text,
  kind: text.optional(),
  names: texts.optional(),
  startedAt: time,
  startedBy: text,
  done: z.boolean(),
  error: text.optional(),
  location: location.extend({ start: count.optional(), end: count.optional() }).optional(),
});

const session = object({
  pid: count,
  application: text,
  user: text,
  client: text.optional(),
  since: text.optional(),
  query: text,
  idle: text.optional(),
});
/** The step that is half done: `interrupted`, or `underWay` in the sessions that hold the lock of the ledger. */
const unfinished = {
  interrupted: intent.nullable(),
  underWay: intent.extend({ holders: z.array(session) }).nullable(),
};

const recorded = { revision: text, checksum: sha256, appliedAt: time, appliedBy: text };
const finding = z.discriminatedUnion("kind", [
  object({ ...recorded, kind: z.enum(["body", "comments"]), path: text, fileChecksum: sha256, hint: text }),
  object({
    ...recorded,
    kind: z.literal("header"),
    path: text,
    differences: z.array(
      object({ key: z.enum(["parent", "depends-on", "message"]), ledger: text, file: text }),
    ),
    hint: text.optional(),
  }),
  object({ ...recorded, kind: z.literal("vanished"), isEvery: z.boolean(), reason: text, hint: text }),
  object({ ...recorded, kind: z.literal("hole"), path: text, missing: texts, hint: text.optional() }),
]);

const loss = object({
  effect: z.enum(["takes-away", "overwrites", "not-known"]),
  kind: text,
  object: text,
  renamedTo: text.optional(),
  cascade: z.literal(true).optional(),
  by: text.optional(),
});

/** What a statement or a step does to other sessions. */
const effect = object({
  locks: z.array(
    object({
      ...{ relation: text, schema: text, name: text, mode: text },
      named: z.number().optional(),
      inServersPath: z.literal(true).optional(),
    }),
  ),
  rewrites: texts,
  scans: texts,
  writes: texts,
  updates: texts,
  builds: texts,
  unknown: texts,
  waits: z.literal(true).optional(),
});
/** What the role that runs a step must be allowed to do. */
const privilege = object({
  privilege: text,
  on: text,
  schema: text.optional(),
  name: text,
  as: text.optional(),
  maybe: z.literal(true).optional(),
  mustExist: z.enum(["as named", "in any schema"]).optional(),
  orIn: z.array(text).optional(),
  inServersPath: z.array(text).optional(),
});
const lintFinding = object({
  rule: text,
  severity: z.enum(["error", "warning"]),
  message: text,
  advice: text,
  recipe: texts.optional(),
  location,
  excerpt: object({ line: text, length: count.optional() }),
});

const step = object({
  direction: z.enum(["up", "down"]),
  revision: text,
  message: text,
  parents: texts,
  path: text,
  checksum: sha256,
  downChecksum: sha256.optional(),
  transactional: z.boolean(),
  statements: count,
  irreversible: text.optional(),
  losses: z.array(loss).optional(),
  lost: object({ notRestored: z.array(loss), writtenAgain: z.array(loss) }).optional(),
  effect: effect.optional(),
  privileges: z.array(privilege).optional(),
});

const statement = object({
  sql: text,
  purpose: text,
  step: count.optional(),
  number: count.optional(),
  origin: span.optional(),
  offset: count.optional(),
  tag: text.optional(),
  trace: object({ kind: text, names: texts, mayExist: z.literal(true).optional() }).optional(),
  searchPath: texts.optional(),
  runsAs: object({
    by: z.enum(["role", "session_authorization"]),
    name: text.optional(),
    isLocal: z.literal(true).optional(),
  }).optional(),
  losses: z.array(loss).optional(),
  effect: effect.optional(),
  leaves: text.optional(),
  repeatable: z.literal(true).optional(),
});

const plan = object({
  kind: z.enum(["upgrade", "downgrade", "stamp", "repair", "ensure"]),
  from: texts,
  to: texts,
  steps: z.array(step),
  batches: z.array(
    object({
      transactional: z.boolean(),
      step: count.optional(),
      when: text.optional(),
      next: text.optional(),
      statements: z.array(statement),
    }),
  ),
  result: object({ revisions: count, digest: text }),
  schema: text,
  place: z.looseObject({}),
  role: text.optional(),
  settings: texts,
  start: object({
    must: texts,
    may: texts,
    without: texts,
    halfDone: texts,
    discards: z.boolean(),
    direction: z.enum(["up", "down"]),
    steps: texts,
    codes: z.record(text, text),
    known: texts,
    begun: z.record(text, texts),
    replaced: z.record(text, texts),
    again: text,
  }),
});

const script = object({
  receipt: sha256.nullable(),
  script: text,
  plan,
  downgrade: object({ path: text, receipt: sha256.nullable() }).optional(),
});
const scriptFolder = object({ files: z.array(object({ path: text, receipt: sha256 })) });
const run = object({ database: text, from: texts, to: texts, done: z.boolean(), steps: z.array(step) });
const written = object({ revision: text, parents: texts, files: texts });
/** The server that a proof was run on. */
const scratch = object({ description: text, proves: z.boolean() });
const difference = object({
  kind: z.enum(["missing", "extra", "differs", "order", "version"]),
  class: text,
  identity: texts,
  /** What it is on either side. */
  properties: z.record(text, z.array(z.unknown())).optional(),
});
const differences = z.array(difference);
const verdict = z.enum(["exact", "column-order", "lossy", "different", "fails", "irreversible", "skipped"]);
const failedStep = object({
  step: z.enum(["up", "down", "up again"]),
  diagnostics: z.array(diagnostic),
  /** It is refused only where tables were given rows for the test. */
  onlyWithRows: z.literal(true).optional(),
});
const changedRows = object({ table: text, before: count, after: count });

const testedOrders = object({
  revisions: texts,
  orders: count,
  possible: count,
  verdict,
  passed: z.boolean(),
  differences,
  failed: failedStep.optional(),
  failedOrder: texts.optional(),
  workingOrder: texts.optional(),
});

const setting = object({
  setting: text,
  value: z.union([text, z.number(), z.boolean(), texts]),
  origin: text,
});

/** Command → what it prints to stdout with `--json`, where it does not fail. */
export const outputs: Readonly<Record<string, Shape>> = {
  init: object({ created: texts, hasDatabase: z.boolean(), hasMigrations: z.boolean(), next: z.string() }),
  revision: z.union([
    written,
    z.array(written.extend({ plain: z.array(object({ sql: text, does: text })) })),
    object({ revision: text, files: texts }),
  ]),
  merge: written.extend({
    orders: z.union([testedOrders.extend({ serverVersion: text, scratch }), object({ reason: text })]),
  }),
  dev: object({
    revision: text,
    path: text,
    makes: differences,
    back: differences,
    applied: z.enum(["first", "again"]).optional(),
    gone: z.literal(true).optional(),
    irreversible: text.optional(),
    failed: failedStep.optional(),
    takenBack: z.literal(true).optional(),
    ms: z.number(),
  }),
  squash: written.extend({ replaces: texts, replacedFiles: texts, leftOut: texts, unsteady: texts }),
  edit: object({ files: texts }),
  "list-templates": object({
    templates: z.array(object({ name: text, description: text, path: text, own: z.boolean() })),
    init: z.array(object({ name: text, description: text })),
  }),
  upgrade: z.union([run, script, scriptFolder]),
  downgrade: z.union([run, script, scriptFolder]),
  stamp: z.union([run, script, scriptFolder]),
  repair: object({
    inconsistency: object({
      message: text,
      parts: z.array(z.enum(["tables", "rows", "keys", "sequence", "procedures"])),
    }).nullable(),
    findings: z.array(finding),
    left: z.array(finding),
    repaired: texts,
    forgotten: texts,
    done: z.boolean(),
    receipt: sha256.nullable().optional(),
    script: text.optional(),
  }),
  "ensure-version": z.union([object({ created: z.boolean(), upgradedFrom: count.nullable() }), script]),
  status: object({
    database: text,
    /** Those that are no migrations here come last: `unknown` has them too. */
    current: texts,
    applied: z.array(applied),
    pending: z.array(revision.extend({ effect: effect.optional(), losses: z.array(loss).optional() })),
    unknown: z.array(applied),
    ...unfinished,
  }),
  current: object({
    database: text,
    /** Where it is no migration here, `unknown` is true: only the ledger has it. */
    current: z.array(revision.extend({ unknown: z.literal(true).optional() })),
    unknown: z.array(applied),
    ...unfinished,
    findings: z.array(diagnostic).optional(),
  }),
  history: object({ history: z.array(revision) }),
  graph: object({ graph: z.array(revision) }),
  heads: object({ heads: z.array(revision) }),
  branches: object({ branches: z.array(revision) }),
  show: object({ revisions: z.array(revision) }),
  verify: object({ applied: count, findings: z.array(finding) }),
  check: object({
    checked: z.array(z.enum(["single-head", "files", "schema"])),
    findings: z.array(diagnostic),
    heads: z.array(revision),
    sharedNumbers: z.array(
      object({ number: text, revisions: texts, renames: z.array(object({ from: text, to: text })) }),
    ),
    files: object({
      count,
      waiting: count,
      serverVersion: object({ number: count, text, origin: text }).optional(),
      emptyDowns: texts,
      emptyUps: texts,
    }).optional(),
    schema: object({ scratch, differences, ignored: count, rows: texts }).optional(),
  }),
  lint: z.union([
    object({
      fixed: z.array(object({ revision: text, revisions: texts, rules: texts })),
      left: z.array(object({ path: text, line: count.optional(), rules: texts, reason: text })),
      notes: texts,
      files: z.array(object({ path: text, created: z.boolean(), diff: texts })),
      written: z.boolean(),
      migrations: count,
      statements: count,
      findings: z.array(lintFinding),
    }),
    object({ migrations: count, statements: count, findings: z.array(lintFinding) }),
  ]),
  review: object({
    migrations: z.array(
      object({
        revision: text,
        message: text,
        path: text,
        parents: texts,
        transactional: z.boolean(),
        effect: effect.optional(),
        statements: z.array(
          object({
            sql: text,
            line: count,
            tag: text,
            effect: effect.optional(),
            losses: z.array(loss),
            findings: z.array(lintFinding),
          }),
        ),
        findings: z.array(lintFinding),
        back: object({
          irreversible: text.optional(),
          losses: z.array(loss),
          notRestored: z.array(loss),
          writtenAgain: z.array(loss),
          effect: effect.optional(),
        }),
      }),
    ),
    changed: object({
      since: text,
      files: z.array(object({ revision: text, path: text, change: z.enum(["edited", "deleted"]) })),
    }).optional(),
    catalog: z
      .union([
        object({
          proves: z.boolean(),
          differences,
          downgrade: object({
            revisions: texts,
            differences,
            rows: z.array(changedRows),
            failed: text.optional(),
          }).optional(),
        }),
        object({ reason: text, failed: z.literal(true).optional() }),
      ])
      .optional(),
    sizes: z
      .array(object({ relation: text, rows: z.number().nullable(), bytes: z.number().nullable() }))
      .optional(),
    checks: z.array(object({ finds: text, sql: text })),
  }),
  trace: object({
    scratch,
    statements: z.array(
      object({
        revision: text,
        direction: z.enum(["up", "down"]),
        path: text,
        line: count,
        tag: text,
        verdict: z.enum(["agrees", "differs", "unseen", "not-known", "fails"]),
        differences: texts,
        unknown: texts,
      }),
    ),
  }),
  test: object({
    migrations: z.array(
      object({
        revision: text,
        message: text,
        path: text,
        verdict,
        passed: z.boolean(),
        accepted: text.optional(),
        unaccepted: z.array(z.enum(["column-order", "lossy", "different"])).optional(),
        failed: failedStep.optional(),
        ms: z.number(),
        down: differences,
        again: differences,
        losses: z.array(loss),
        rows: z.array(changedRows),
      }),
    ),
    orders: z.array(testedOrders.extend({ merge: text.optional() })),
    squashed: z.array(
      object({
        revision: text,
        path: text,
        replaces: texts,
        verdict,
        passed: z.boolean(),
        differences,
        rows: texts,
        failed: failedStep.optional(),
      }),
    ),
    script: object({
      verdict,
      passed: z.boolean(),
      differences,
      diagnostics: z.array(diagnostic),
    }).optional(),
    unfilled: z.array(object({ table: text, message: text })),
    passed: z.boolean(),
    scratch,
  }),
  drift: object({
    database: text,
    scratch,
    revisions: texts,
    changed: texts,
    differences,
    ignored: count,
    otherLedgers: texts,
    versionTables: texts,
    mend: z
      .union([
        object({ sql: text, losses: texts, notes: texts }),
        object({ reasons: texts, hint: text.optional() }),
      ])
      .optional(),
  }),
  dump: object({ of: text, text, files: texts, warnings: texts, versionTables: texts }),
  baseline: object({ revision: text, files: texts, database: text, warnings: texts, versionTables: texts }),
  adopt: z.union([
    object({
      tool: text,
      folder: text,
      to: text,
      isFree: z.boolean(),
      taken: text.optional(),
      totals: object({
        migrations: count,
        unchanged: count,
        adjusted: count,
        byHand: count,
        irreversible: count,
      }),
      migrations: z.array(
        object({
          version: text,
          revision: text,
          files: texts,
          changes: texts,
          irreversible: text.optional(),
          findings: z.array(adoptFinding),
        }),
      ),
      known: texts,
      findings: z.array(adoptFinding),
      leftOut: texts,
      written: z.boolean(),
      settings: object({
        file: text,
        written: z.boolean(),
        values: object({ directories: texts.optional(), fileName: text.optional() }),
      }).optional(),
    }),
    object({
      database: text,
      table: text,
      stamped: texts,
      ahead: texts,
      takenBack: texts,
      done: z.boolean(),
      migrated: z.array(object({ version: text, revision: text })),
    }),
    object({
      tool: text,
      folder: text,
      scratch,
      up: texts,
      down: texts,
      refused: object({ old: z.array(diagnostic), new: z.array(diagnostic) }),
      assumed: texts,
      notRun: texts,
      objects: count,
      differences: object({ up: z.array(difference), down: z.array(difference) }),
    }),
  ]),
  log: object({
    log: z.array(
      object({
        at: time,
        by: text,
        event: text,
        revision: text.nullable(),
        checksum: text.nullable(),
        how: text.nullable(),
        /** In seconds. */
        duration: z.number().nullable(),
        detail: text.nullable(),
      }),
    ),
  }),
  receipt: object({
    path: text,
    stated: sha256,
    actual: sha256,
    changed: z.boolean(),
    changes: z.array(z.enum(changes)),
  }),
  config: object({
    settings: z.array(setting),
    server: object({ answers: z.boolean(), message: text, exitCode: count }),
  }),
  doctor: object({
    version: text,
    settings: z.array(setting),
    checks: z.array(
      object({ check: text, status: z.enum(["ok", "odd", "wrong"]), message: text, hint: text.optional() }),
    ),
  }),
  completion: object({ shell: text, script: text }),
};

/** What every command prints with `--json` where it fails. */
export const failure: Shape = object({ error });

const ofStep = { at: time, step, index: count, of: count };

/** A line of `--json-events`. */
export const event: Shape = z.discriminatedUnion("type", [
  object({ type: z.literal("waiting"), at: time, seconds: z.number(), holders: z.array(session) }),
  object({ type: z.literal("blocked"), at: time, blockers: z.array(session) }),
  object({
    type: z.literal("retry"),
    at: time,
    after: z.enum(["lock timeout", "deadlock"]),
    retry: count,
    of: count,
    seconds: z.number(),
    blockers: z.array(session),
  }),
  object({ type: z.literal("connection-lost"), at: time, message: text }),
  object({ type: z.literal("step-started"), ...ofStep }),
  object({ type: z.literal("statement-started"), at: time, step, statement: count, statements: count }),
  object({ type: z.literal("step-done"), ...ofStep, ms: z.number().optional() }),
  object({ type: z.literal("result"), at: time, result: run }),
  object({ type: z.literal("error"), error }),
]);

/** The schema as JSON: `$defs` has `upgrade`, …, `error` and `event`. A key that is not named may be there in a later version. */
export function outputSchema(): string {
  const registry = z.registry<{ id: string }>();
  const named = {
    revisionValue: revision,
    applied,
    intent,
    finding,
    loss,
    step,
    plan,
    diagnostic,
    difference,
    effect,
    lintFinding,
    location,
    setting,
  };
  for (const [id, shape] of Object.entries(named)) registry.add(shape, { id });
  for (const [id, shape] of Object.entries({ ...outputs, error: failure, event }))
    registry.add(shape, { id });
  const { schemas } = z.toJSONSchema(registry, {
    uri: (id) => `#/$defs/${id}`,
    override: ({ jsonSchema }) => {
      if (jsonSchema.additionalProperties === false) delete jsonSchema.additionalProperties;
    },
  });
  const $defs = Object.fromEntries(
    Object.entries(schemas).map(([id, { $schema: _schema, $id: _id, ...schema }]) => [id, schema]),
  );
  const head = {
    $schema: "https://json-schema.org/draft/2020-12/schema",
    $id: `urn:pgretort:output:${VERSION}`,
    title: "What migrate prints with --json and --json-events",
    description: `Version ${VERSION}. $defs/NAME is what migrate NAME --json prints, $defs/error what it prints where it fails, $defs/event a line of --json-events.`,
  };
  return `${laidOut({ ...head, $defs })}\n`;
}

/** JSON as one would write it by hand: what fits on a line stands on one. `before`: what stands before it on its line. */
function laidOut(value: unknown, indent = "", before = ""): string {
  if (typeof value !== "object" || value === null) return JSON.stringify(value);
  const inner = `${indent}  `;
  const items = Array.isArray(value)
    ? value.map((item) => laidOut(item, inner))
    : Object.entries(value).map(([key, item]) => {
        const name = `${JSON.stringify(key)}: `;
        return name + laidOut(item, inner, name);
      });
  const [open, close] = Array.isArray(value) ? ["[", "]"] : ["{ ", " }"];
  const line = `${open}${items.join(", ")}${close}`;
  if (!line.includes("\n") && indent.length + before.length + line.length <= 100) return line;
  return `${open.trim()}\n${items.map((item) => inner + item).join(",\n")}\n${indent}${close.trim()}`;
}
