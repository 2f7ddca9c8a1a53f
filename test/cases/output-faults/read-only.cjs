// Root may delete any file: this refuses the second of a pair as the system refuses it to others.
const fs = require("node:fs");
const rename = fs.renameSync;
fs.renameSync = (from, to) => {
  if (from.endsWith(".down.sql")) throw Object.assign(new Error("EACCES"), { code: "EACCES", errno: -13 });
  rename(from, to);
};
require("node:module").syncBuiltinESMExports();
