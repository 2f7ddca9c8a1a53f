/** A text → one word of a POSIX shell, for the commands that hints show: whoever copies one runs that command and no other. */
export function shellWord(text: string): string {
  if (/^[\w@%+=:,./][\w@%+=:,./-]*$/.test(text)) return text;
  return /^[^"\\$`!]*$/.test(text) ? `"${text}"` : `'${text.replaceAll("'", "'\\''")}'`;
}
