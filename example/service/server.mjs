/** DATABASE_URL and PORT → an HTTP service that migrates its database when it starts, and serves users and its health. */
import { createServer } from "node:http";
import pg from "pg";
import { MigrateError, readState, upgrade } from "pgretort";

const stop = new AbortController();
// A stop is asked for by the orchestrator, or by Ctrl-C; the API itself hears no signals.
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => stop.abort(signal));

const pool = new pg.Pool({ connectionString: process.env.DATABASE_URL });
// A connection that breaks while it is idle is replaced when it is next needed.
pool.on("error", (error) => log(`database: ${error.message}`));

try {
  await migrate();
  if (!stop.signal.aborted) await serve(Number(process.env.PORT ?? 8080));
} catch (error) {
  if (!(error instanceof MigrateError)) throw error;
  log(`${error.code}: ${error.message}${error.hint === undefined ? "" : ` (${error.hint})`}`);
  process.exitCode = error.exitCode;
} finally {
  await pool.end();
}

/** Of several instances that start at once one migrates, and the others wait for it. */
async function migrate() {
  const run = upgrade({
    connection: pool,
    signal: stop.signal,
    wait: 60,
    lockWait: 300,
    // An older release that starts beside a newer one finds nothing to do.
    allowAhead: true,
    onNotice: ({ severity, message }) => log(`${severity}: ${message}`),
  });
  for await (const event of run) {
    if (event.type === "step-done") log(`applied ${event.step.revision} ${event.step.message}`);
  }
  log(`migrated ${(await run).database}`);
}

/** Serves until it is told to stop: then what has begun is answered, and nothing new is taken. */
async function serve(port) {
  const server = createServer((request, response) => {
    answer(request).then(
      ([status, body]) => respond(response, status, body),
      (error) => {
        log(`${request.method} ${request.url}: ${error.message}`);
        respond(response, 503, { error: reasonOf(error) });
      },
    );
  });
  const closed = new Promise((resolve) => server.once("close", resolve));
  await new Promise((resolve, reject) => server.once("error", reject).listen(port, resolve));
  log(`listening on ${server.address().port}`);
  const close = () => {
    log("stopping");
    server.close();
  };
  if (stop.signal.aborted) close();
  else stop.signal.addEventListener("abort", close, { once: true });
  await closed;
}

async function answer({ method, url }) {
  const route = `${method} ${url.split("?", 1)[0]}`;
  if (route === "GET /health") return health();
  if (route === "GET /users") {
    const { rows } = await pool.query("SELECT user_id, email FROM users ORDER BY user_id");
    return [200, rows];
  }
  return [404, { error: "not found" }];
}

/** What is said to whoever asks; the log says more. */
function reasonOf(error) {
  if (error instanceof MigrateError && !/^execution\/connect/.test(error.code)) {
    return `the state of the migrations is not known: ${error.code}`;
  }
  return error instanceof pg.DatabaseError
    ? "the database answered with an error"
    : "the database did not answer";
}

/** 200 while nothing is pending; the heads are what is applied last. */
async function health() {
  const deps = { env: process.env, cwd: process.cwd(), now: () => new Date() };
  const { heads, pending, interrupted, underWay } = await readState(deps, { connection: pool });
  const isWell = pending.length === 0 && (interrupted ?? underWay) === undefined;
  return [isWell ? 200 : 503, { heads, pending }];
}

function respond(response, status, body) {
  // While it stops, no connection is kept for a further request.
  if (stop.signal.aborted) response.setHeader("connection", "close");
  response.writeHead(status, { "content-type": "application/json" }).end(`${JSON.stringify(body)}\n`);
}

function log(message) {
  console.log(message);
}
