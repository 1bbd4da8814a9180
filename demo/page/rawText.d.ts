/** A file's text, as Vite hands it to the page. */
declare module '*?raw' {
  const text: string;
  export default text;
}
