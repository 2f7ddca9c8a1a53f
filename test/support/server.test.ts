import { expect, test } from "vitest";
import { freshDatabase, query, servers } from "./server.ts";

test("x", async () => {
  for (const s of servers()) {
    console.log(s.name, s.version, s.url("é x"), await query(s.url(), "select 1 as a; select 2 as b"));
    console.time("fresh");
    const d = await freshDatabase(s);
    console.timeEnd("fresh");
    console.log(await query(d.url, "select name from pg_available_extensions order by 1"));
    await query(d.url, "create table t(); ");
    const e = await freshDatabase(s, { template: d.name });
    console.log(await query(e.url, "select 't'::regclass, current_setting('timezone') tz, current_setting('default_text_search_config')"));
    await e.drop();
    await d.drop();
    console.timeEnd("fresh");
  }
  expect(1).toBe(1);
});
