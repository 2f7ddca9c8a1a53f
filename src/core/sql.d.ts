/** SQL files are part of the program: the build puts their text in. */
declare module "*.sql" {
  const text: string;
  export default text;
}
