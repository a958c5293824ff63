/** snarkjs carries no types; `groth16.ts` gives them to what is used of it. */
declare module "snarkjs";
