/** A statement's tree → why it must not stand in a migration, or in a schema file, and what to do instead. */
import { type Ast, items, kindOf, namesIn, someNode, word } from "./ast.ts";
import type { Fault } from "./fault.ts";
import { isOff, settingText } from "./setting.ts";
import { tagOf } from "./tag.ts";

/** What is wrong with the statement, whose text is `text`; undefined for nearly all. `mode`: what its header says, or that it has none. */
export function refusal(ast: Ast, text: string, mode?: "none" | "schema"): Fault | undefined {
  if (mode !== "schema") return migrationFault(ast, text, mode);
  const fault = migrationFault(ast, text);
  return fault === undefined ? undefined : schemaFault(ast, fault);
}

/** What must not stand in a migration is no more use in a file that is loaded into an empty database. */
function schemaFault(ast: Ast, { code, message, hint }: Fault): Fault {
  if (!/^source\/(?:transaction-control|discard-all|advisory-unlock-all)$/.test(code))
    return {
      code,
      message: message.replace(/a migration|migration files/, inSchema),
      ...(hint === undefined ? {} : { hint }),
    };
  const [kind, tree] = kindOf(ast);
  const what =
    kind === "SelectStmt"
      ? "pg_advisory_unlock_all()"
      : kind === "VariableSetStmt"
        ? `SET ${word(tree["name"])}`
        : tagOf(kind, tree);
  return {
    code,
    message: `${what} is not allowed in a schema file, which only says what the schema is`,
    hint: "remove it",
  };
}

const inSchema = (words: string): string => (words === "a migration" ? "a schema file" : "schema files");

function migrationFault(ast: Ast, text: string, mode?: "none"): Fault | undefined {
  const [kind, tree] = kindOf(ast);
  switch (kind) {
    case "TransactionStmt":
      return transactionControl(tagOf(kind, tree), mode);
    case "CopyStmt":
      return tree["filename"] === undefined ? copyThroughClient(tree["is_from"] === true) : undefined;
    case "DiscardStmt":
      if (tree["target"] !== "DISCARD_ALL") return undefined;
      return {
        code: "source/discard-all",
        message: "DISCARD ALL would release the lock that prevents a second run",
        hint: "remove it: the session is reset before every migration; DISCARD TEMP and RESET ALL are fine",
      };
    case "VariableSetStmt":
      return transactionSetting(tree, mode) ?? lexingSetting(tree);
    case "SelectStmt":
      if (!text.includes("pg_advisory_unlock_all")) return undefined;
      if (!someNode(ast, (_, call) => nameOfCall(call) === "pg_advisory_unlock_all")) return undefined;
      return {
        code: "source/advisory-unlock-all",
        message: "pg_advisory_unlock_all() would release the lock that prevents a second run",
        hint: "release your own lock by its key: pg_advisory_unlock(key)",
      };
  }
  return undefined;
}

const nameOfCall = (call: Ast): string | undefined => namesIn({ List: { items: call["funcname"] } }).at(-1);

/** Whether a statement begins or ends a transaction, and says no more than that; `other`: it says more. */
export function transactionEdge(ast: Ast): "begin" | "commit" | "other" | undefined {
  const [kind, tree] = kindOf(ast);
  if (kind !== "TransactionStmt") return undefined;
  const what = word(tree["kind"]).replace("TRANS_STMT_", "");
  if (/^(?:SAVEPOINT|RELEASE|ROLLBACK_TO)$/.test(what)) return undefined;
  if (what === "BEGIN" || what === "START") return items(tree["options"]).length === 0 ? "begin" : "other";
  return what === "COMMIT" && tree["chain"] !== true ? "commit" : "other";
}

function transactionControl(tag: string, mode: "none" | undefined): Fault {
  if (/SAVEPOINT|^RELEASE/.test(tag)) {
    return {
      code: "source/transaction-control",
      message: `${tag} is not allowed in a migration: a failure must undo all of it, not a part`,
      hint: "remove it; to go on after an error, catch it: DO $$ BEGIN … EXCEPTION WHEN … THEN … END $$",
    };
  }
  if (mode === "none") {
    return {
      code: "source/transaction-control",
      message: `${tag} is not allowed in a migration that runs outside a transaction, statement by statement`,
      hint: "remove it; put statements that belong together in a migration of their own, without '-- transaction: none'",
    };
  }
  const opens = /^(BEGIN|START)/.test(tag);
  return {
    code: "source/transaction-control",
    message: opens
      ? `${tag} is not allowed in a migration, which already runs in a transaction`
      : `${tag} is not allowed in a migration: it would end the transaction that records it`,
    hint: "remove it: a migration is one transaction, with its row in the ledger (only a plain BEGIN and COMMIT around the whole file may stay); where each statement must be a transaction of its own, write '-- transaction: none' in the header too",
  };
}

/** A guard has been run in the transaction before, and the ledger is written in it; outside of one it has no effect. */
function transactionSetting(tree: Ast, mode: "none" | undefined): Fault | undefined {
  const name = word(tree["name"]);
  if (!/^transaction(?: snapshot|_isolation|_read_only|_deferrable)?$/i.test(name)) return undefined;
  if (mode === "none")
    return {
      code: "source/transaction-control",
      message: `SET ${name} has no effect in a migration that runs outside a transaction, statement by statement`,
      hint: "remove it",
    };
  return {
    code: "source/transaction-control",
    message: `SET ${name} is not allowed in a migration: its transaction has started and must be able to write the ledger`,
    hint: "remove it: a migration runs in a transaction of the database's default isolation level",
  };
}

const WITH_PSQL = "with psql, outside of the migrations";

/** What to do about rows that only a client could send. A file is rarely on the server, nor may many roles read it there. */
export const ROWS_AS_SQL = `write the rows as INSERT … VALUES (pg_dump --inserts does); or copy them ${WITH_PSQL}`;

/** What to do about rows that only a client could read. */
export const ROWS_BY_PSQL = `copy the rows ${WITH_PSQL}`;

function copyThroughClient(from: boolean): Fault {
  return from
    ? {
        code: "source/copy-stdin",
        message: "COPY … FROM STDIN takes its rows from the client, but a migration is only SQL",
        hint: ROWS_AS_SQL,
      }
    : {
        code: "source/copy-stdout",
        message: "COPY … TO STDOUT sends rows to the client, which does not read them",
        hint: `remove it, and ${ROWS_BY_PSQL}; or write a file on the server, which only a role with the rights of pg_write_server_files may: COPY … TO '/path'`,
      };
}

/** Files are read and sent as UTF-8 with standard strings; another setting would make the server read other text. */
function lexingSetting(tree: Ast): Fault | undefined {
  const name = word(tree["name"]).toLowerCase();
  const value = settingText(items(tree["args"])[0] ?? {});
  if (name === "standard_conforming_strings" && isOff(value)) {
    return {
      code: "source/nonstandard-strings",
      message: "SET standard_conforming_strings = off changes the meaning of the strings after it",
      hint: "remove it, and write strings with backslash escapes as E'…'",
    };
  }
  if (name === "client_encoding" && value !== "" && !/^(?:utf-?8|unicode)$/i.test(value)) {
    return {
      code: "source/client-encoding",
      message: `migration files are UTF-8, and client_encoding '${value}' would make the server read them as something else`,
      hint: "remove it, and save the file as UTF-8",
    };
  }
  return undefined;
}
