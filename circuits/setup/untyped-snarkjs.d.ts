/** snarkjs carries no types; `snarkjs.ts` gives them to what is used of it. */
declare module "snarkjs";
