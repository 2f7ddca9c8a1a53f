// The floor of whatever asks a database from Node: connects with pg and asks one thing. The bench bundles and minifies it.
// Usage: node connect.cjs URL
const { Client } = require("pg");

const client = new Client(process.argv[2]);
client
  .connect()
  .then(() => client.query("SELECT 1"))
  .then(() => client.end());
