// Root may delete any file: this refuses it as the system refuses it to others.
const fs = require("node:fs");
fs.rmSync = () => {
  throw Object.assign(new Error("EACCES"), { code: "EACCES", errno: -13 });
};
require("node:module").syncBuiltinESMExports();
