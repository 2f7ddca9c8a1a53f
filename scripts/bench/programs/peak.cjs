// Preloaded into a Node program: at its end, writes the most memory it ever held, in KB, to the file PEAK_FILE.
const file = process.env.PEAK_FILE;
process.on("exit", () => require("node:fs").writeFileSync(file, `${process.resourceUsage().maxRSS}`));
