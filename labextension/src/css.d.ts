/** A style sheet as text: the build of the widgets' modules gives it so. */
declare module '*.css' {
  const text: string;
  export default text;
}
