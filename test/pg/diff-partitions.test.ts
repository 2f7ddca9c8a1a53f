/** Partitions, their indexes and constraints, tables that can only be created again, and a copied collation: the SQL that is found makes each change and takes it back. */
import { describe, expect } from "vitest";
import { diffDatabases } from "../../src/app/diff-databases.ts";
import { compareCatalogs } from "../../src/core/catalog/compare.ts";
import { segmentsText } from "../../src/core/diff/text.ts";
import { counts } from "../../src/core/diff/verdict.ts";
import { readCatalog } from "../../src/io/catalog.ts";
import { failureOf, ownDatabase } from "../support/project.ts";
import { inTurn, query, servers } from "../support/server.ts";
import { addressOf, sessionOn } from "../support/session.ts";

interface Pair {
  readonly schema: string;
  readonly setup: string;
  readonly change: string;
  /** Tables that can only be created again. */
  readonly rebuilt?: readonly string[];
}

const EVENTS = `CREATE TABLE events (day date NOT NULL, id int NOT NULL) PARTITION BY RANGE (day);
  CREATE TABLE may PARTITION OF events FOR VALUES FROM ('2026-05-01') TO ('2026-06-01');`;

const pairs: readonly Pair[] = [
  {
    schema: "key_of_a_partition_joins",
    setup: `${EVENTS} ALTER TABLE ONLY events ADD CONSTRAINT k UNIQUE (day, id); CREATE UNIQUE INDEX may_k ON may (day, id);`,
    change:
      "ALTER TABLE may ADD CONSTRAINT may_k UNIQUE USING INDEX may_k; ALTER INDEX k ATTACH PARTITION may_k;",
  },
  {
    schema: "key_of_a_partition_backs_an_index",
    setup: EVENTS,
    change: `ALTER TABLE may ADD CONSTRAINT may_key PRIMARY KEY (day, id); CREATE UNIQUE INDEX i ON ONLY events (day, id);
      ALTER INDEX i ATTACH PARTITION may_key;`,
  },
  {
    schema: "an_index_becomes_a_key",
    setup: `${EVENTS} CREATE UNIQUE INDEX k ON ONLY events (day, id); ALTER TABLE may ADD CONSTRAINT may_k UNIQUE (day, id);
      ALTER INDEX k ATTACH PARTITION may_k;`,
    change: `DROP INDEX k CASCADE; ALTER TABLE ONLY events ADD CONSTRAINT k UNIQUE (day, id);
      ALTER TABLE may ADD CONSTRAINT may_k UNIQUE (day, id); ALTER INDEX k ATTACH PARTITION may_k;`,
  },
  {
    schema: "index_of_a_partition_joins",
    setup: `${EVENTS} CREATE INDEX i ON ONLY events (id); CREATE INDEX may_i ON may (id);`,
    change: "ALTER INDEX i ATTACH PARTITION may_i;",
  },
  {
    schema: "check_is_validated",
    setup: `${EVENTS} ALTER TABLE events ADD CONSTRAINT positive CHECK (id > 0) NOT VALID;`,
    change: "ALTER TABLE events VALIDATE CONSTRAINT positive;",
  },
  {
    schema: "partitions_of_keys_that_need_each_other",
    setup: `CREATE TABLE a (id int PRIMARY KEY) PARTITION BY LIST (id); CREATE TABLE b (id int PRIMARY KEY) PARTITION BY LIST (id);
      ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (id) REFERENCES b; ALTER TABLE b ADD CONSTRAINT b_a FOREIGN KEY (id) REFERENCES a;`,
    change:
      "CREATE TABLE a1 PARTITION OF a FOR VALUES IN (1); CREATE TABLE b1 PARTITION OF b FOR VALUES IN (1);",
  },
  {
    schema: "an_index_of_a_table_becomes_its_key",
    setup: "CREATE TABLE t (id int NOT NULL); CREATE UNIQUE INDEX k ON t (id);",
    change: "ALTER TABLE t ADD CONSTRAINT k PRIMARY KEY USING INDEX k;",
  },
  {
    schema: "a_collation_is_a_copy",
    setup: "CREATE TABLE t (a text);",
    change: 'CREATE COLLATION posix FROM "POSIX"; ALTER TABLE t ALTER COLUMN a TYPE text COLLATE posix;',
  },
  {
    schema: "a_table_with_a_view_is_partitioned",
    setup:
      "CREATE TABLE t (id serial, day date); CREATE MATERIALIZED VIEW m AS SELECT day FROM t; CREATE VIEW v AS SELECT day FROM m;",
    change: `DROP TABLE t CASCADE; CREATE TABLE t (id serial, day date) PARTITION BY RANGE (day);
      CREATE MATERIALIZED VIEW m AS SELECT day FROM t; CREATE VIEW v AS SELECT day FROM m;`,
    rebuilt: ["t"],
  },
  {
    schema: "tables_that_need_each_other_are_partitioned",
    setup: `CREATE TABLE a (id int UNIQUE); CREATE TABLE b (id int UNIQUE REFERENCES a (id));
      ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (id) REFERENCES b (id);`,
    change: `DROP TABLE a, b; CREATE TABLE a (id int UNIQUE) PARTITION BY LIST (id);
      CREATE TABLE b (id int UNIQUE REFERENCES a (id)) PARTITION BY LIST (id);
      ALTER TABLE a ADD CONSTRAINT a_b FOREIGN KEY (id) REFERENCES b (id);`,
    rebuilt: ["a", "b"],
  },
];

const allowRebuild = pairs.flatMap(({ schema, rebuilt = [] }) => rebuilt.map((name) => `${schema}.${name}`));

describe.sequential.each(servers())("on $name", (server) => {
  const once = inTurn(server);
  const databases = async (direction: "up" | "down", wanted: readonly Pair[] = pairs) => {
    const [before, after] = [await ownDatabase(server), await ownDatabase(server)];
    for (const { schema, setup, change } of wanted) {
      const start = `CREATE SCHEMA ${schema}; SET search_path = ${schema}; ${setup}`;
      await query(before.url, start);
      await query(after.url, `${start} ${change}`);
    }
    return direction === "up" ? [before.url, after.url] : [after.url, before.url];
  };

  const diff = async ([from, to]: readonly string[], allowed: readonly string[]) =>
    diffDatabases(
      { cwd: process.cwd(), env: process.env },
      { from: await addressOf(from!), to: await addressOf(to!), allowRebuild: allowed },
    );

  const differences = async (urls: readonly string[]) => {
    const [is, shall] = await Promise.all(
      urls.map(async (url) => {
        const session = await sessionOn(url);
        const catalog = await readCatalog(session);
        await session.close();
        return catalog;
      }),
    );
    return compareCatalogs(shall!, is!).filter(counts);
  };

  once.for(["up", "down"] as const)("%s", async (direction) => {
    const urls = await databases(direction);
    const way = await diff(urls, allowRebuild);
    await query(urls[0]!, segmentsText(way.segments));
    expect(await differences(urls)).toEqual([]);
    expect(way.rebuilt.map(({ identity }) => identity.slice(0, 2).join("."))).toEqual(
      expect.arrayContaining([...allowRebuild]),
    );
  });

  once("a table that can only be created again is named, with what allows that", async () => {
    const needed = pairs.filter(({ rebuilt }) => rebuilt !== undefined);
    const error = await failureOf(diff(await databases("up", needed), []));
    const hints = (error["diagnostics"] as { readonly hint?: string }[]).map(({ hint = "" }) => hint);
    for (const table of allowRebuild)
      expect(hints).toContainEqual(expect.stringContaining(`allowRebuild: ["${table}"],`));
  });
});
