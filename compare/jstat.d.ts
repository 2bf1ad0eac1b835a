// Declares the part of jstat that this project uses, since the package ships no types.

declare module 'jstat' {
  interface Distribution {
    cdf(value: number, degreesOfFreedom: number): number
    inv(probability: number, degreesOfFreedom: number): number
  }
  interface JStat {
    readonly studentt: Distribution
    readonly chisquare: Distribution
    readonly beta: { inv(probability: number, alpha: number, beta: number): number }
  }
  const jstat: JStat
  // biome-ignore lint/style/noDefaultExport: the package's own shape
  export default jstat
}
