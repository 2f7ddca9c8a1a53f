/** Text → the same as HTML and XML show it, also inside the double quotes of an attribute. */
export const markup = (text: string): string =>
  text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll('"', "&quot;");
